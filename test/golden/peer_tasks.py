"""Run MediaPipe Tasks on decoded pictures; needs an environment of its own.

Usage: peer_tasks.py PIXELS OUT BUNDLE, where PIXELS holds RGB pictures as .npy files and BUNDLE is
face_landmarker.task. For each picture OUT gets one .npz with what each task returned.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions, vision

MAX_FACES = 32
CONFIDENCE = 0.5
# FaceLandmarker's own; the FaceDetector task would take 0.3.
SUPPRESSION = 0.5


def landmarker_from_bundle(bundle: Path) -> vision.FaceLandmarker:
    """Return the landmarker in IMAGE mode with all of its outputs."""
    return vision.FaceLandmarker.create_from_options(
        vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(bundle)),
            running_mode=vision.RunningMode.IMAGE,
            num_faces=MAX_FACES,
            min_face_detection_confidence=CONFIDENCE,
            min_face_presence_confidence=CONFIDENCE,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
    )


def detector_from_bundle(bundle: Path) -> vision.FaceDetector:
    """Return the detector that the landmarker runs first."""
    with zipfile.ZipFile(bundle) as archive:
        model = archive.read('face_detector.tflite')
    return vision.FaceDetector.create_from_options(
        vision.FaceDetectorOptions(
            base_options=BaseOptions(model_asset_buffer=model),
            running_mode=vision.RunningMode.IMAGE,
            min_detection_confidence=CONFIDENCE,
            min_suppression_threshold=SUPPRESSION,
        )
    )


def faces_from_picture(
    landmarker: vision.FaceLandmarker, rgb: np.ndarray
) -> dict[str, np.ndarray]:
    """Return landmarks (N, 478, 3) px, blendshapes (N, 52) and transforms (N, 4, 4) in cm."""
    height, width = rgb.shape[:2]
    found = landmarker.detect(Image(image_format=ImageFormat.SRGB, data=rgb))
    points = [[(point.x, point.y, point.z) for point in face] for face in found.face_landmarks]
    scores = [[category.score for category in face] for face in found.face_blendshapes]
    transforms = found.facial_transformation_matrixes
    return {
        'v2': np.array(points).reshape(-1, 478, 3) * (width, height, width),
        'blendshapes': np.array(scores).reshape(-1, 52),
        'transforms': np.array(transforms).reshape(-1, 4, 4),
    }


def detections_from_picture(
    detector: vision.FaceDetector, rgb: np.ndarray
) -> dict[str, np.ndarray]:
    """Return boxes (N, 4) xyxy whole px, keypoints (N, 6, 2) px and scores (N,)."""
    height, width = rgb.shape[:2]
    found = detector.detect(Image(image_format=ImageFormat.SRGB, data=rgb)).detections
    frames = [detection.bounding_box for detection in found]
    boxes = [
        (box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height)
        for box in frames
    ]
    keypoints = [[(point.x, point.y) for point in detection.keypoints] for detection in found]
    return {
        'boxes_xyxy': np.array(boxes).reshape(-1, 4),
        'keypoints': np.array(keypoints).reshape(-1, 6, 2) * (width, height),
        'scores': np.array([detection.categories[0].score for detection in found]),
    }


def run(pixels: Path, out: Path, bundle: Path) -> None:
    """Run both tasks picture by picture."""
    with landmarker_from_bundle(bundle) as landmarker, detector_from_bundle(bundle) as detector:
        for path in sorted(pixels.glob('*.npy')):
            rgb = np.load(path)
            values = faces_from_picture(landmarker, rgb)
            found = detections_from_picture(detector, rgb)
            values.update({f'detector/{key}': value for key, value in found.items()})
            np.savez(out / f'{path.stem}.npz', **values)


if __name__ == '__main__':
    run(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
