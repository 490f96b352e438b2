"""Run MediaPipe's legacy solutions on decoded pictures; needs an environment of its own.

Usage: peer_legacy.py PIXELS OUT, where PIXELS holds RGB pictures as .npy files. For each picture
OUT gets one .npz with what each solution returned, in px.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from mediapipe.python.solutions.face_detection import FaceDetection
from mediapipe.python.solutions.face_mesh import FaceMesh

MAX_FACES = 32
CONFIDENCE = 0.5


def landmarks_from_picture(solution: FaceMesh, rgb: np.ndarray, count: int) -> np.ndarray:
    """Return (N, count, 3) px; MediaPipe scales z like x."""
    height, width = rgb.shape[:2]
    faces = solution.process(rgb).multi_face_landmarks or []
    points = [[(point.x, point.y, point.z) for point in face.landmark] for face in faces]
    return np.array(points).reshape(-1, count, 3) * (width, height, width)


def detections_from_picture(solution: FaceDetection, rgb: np.ndarray) -> dict[str, np.ndarray]:
    """Return boxes (N, 4) xyxy px, keypoints (N, 6, 2) px and scores (N,)."""
    height, width = rgb.shape[:2]
    found = solution.process(rgb).detections or []
    places = [detection.location_data for detection in found]
    frames = [place.relative_bounding_box for place in places]
    boxes = [(box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height) for box in frames]
    keypoints = [[(point.x, point.y) for point in place.relative_keypoints] for place in places]
    return {
        'boxes_xyxy': np.array(boxes).reshape(-1, 4) * (width, height, width, height),
        'keypoints': np.array(keypoints).reshape(-1, 6, 2) * (width, height),
        'scores': np.array([detection.score[0] for detection in found]),
    }


def run(pixels: Path, out: Path) -> None:
    """Run all four solutions picture by picture, none of them remembering the one before."""
    limits = {'max_num_faces': MAX_FACES, 'min_detection_confidence': CONFIDENCE}
    with (
        FaceMesh(static_image_mode=True, refine_landmarks=True, **limits) as attention,
        FaceMesh(static_image_mode=True, refine_landmarks=False, **limits) as mesh,
        FaceDetection(model_selection=0, min_detection_confidence=CONFIDENCE) as short_range,
        FaceDetection(model_selection=1, min_detection_confidence=CONFIDENCE) as full_range,
    ):
        for path in sorted(pixels.glob('*.npy')):
            rgb = np.load(path)
            values = {
                'attention': landmarks_from_picture(attention, rgb, 478),
                'mesh': landmarks_from_picture(mesh, rgb, 468),
            }
            for name, solution in (('short_range', short_range), ('full_range', full_range)):
                found = detections_from_picture(solution, rgb)
                values.update({f'{name}/{key}': value for key, value in found.items()})
            np.savez(out / f'{path.stem}.npz', **values)


if __name__ == '__main__':
    run(Path(sys.argv[1]), Path(sys.argv[2]))
