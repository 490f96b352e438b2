"""MediaPipe Tasks' FaceLandmarker as a measured process."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from itertools import count
from typing import Any

import numpy as np
from serving import MeasuredSystem, serve


def load(options: Namespace) -> MeasuredSystem:
    """Load FaceLandmarker in IMAGE or VIDEO mode."""
    import mediapipe
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python import BaseOptions, vision

    mode = vision.RunningMode.VIDEO if options.stream else vision.RunningMode.IMAGE
    landmarker = vision.FaceLandmarker.create_from_options(
        vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=options.bundle),
            running_mode=mode,
            num_faces=options.max_faces,
            min_face_detection_confidence=0.5,
            min_face_presence_confidence=0.5,
            output_face_blendshapes=options.blendshapes,
            output_facial_transformation_matrixes=options.transforms,
        )
    )
    numbers = count(1)

    def process(rgb: np.ndarray) -> Any:
        image = Image(image_format=ImageFormat.SRGB, data=rgb)
        if not options.stream:
            return landmarker.detect(image)
        return landmarker.detect_for_video(image, round(1e3 * next(numbers) / options.rate))

    return MeasuredSystem(
        process=process,
        count=lambda found: len(found.face_landmarks),
        versions={'mediapipe': mediapipe.__version__, 'numpy': np.__version__},
        boxes_xyxy=boxes_xyxy,
        landmarks=landmarks,
        transforms=lambda found: found.facial_transformation_matrixes,
    )


def landmarks(found: Any, image_wh: tuple[int, int]) -> list[np.ndarray]:
    """Return (M, 478, 3) px."""
    width, height = image_wh
    return [
        np.array([(point.x, point.y, point.z) for point in face]) * [width, height, width]
        for face in found.face_landmarks
    ]


def boxes_xyxy(found: Any, image_wh: tuple[int, int]) -> list[np.ndarray]:
    """Return boxes around the landmarks, (M, 4) px."""
    faces = landmarks(found, image_wh)
    return [np.append(face.min(axis=0)[:2], face.max(axis=0)[:2]) for face in faces]


def arguments() -> Namespace:
    """Parse the command line."""
    parser = ArgumentParser()
    parser.add_argument('bundle', help='face_landmarker.task')
    parser.add_argument('--max-faces', type=int, required=True)
    parser.add_argument('--stream', action='store_true', help='track faces')
    parser.add_argument('--rate', type=float, default=30.0, help='of a stream, Hz')
    parser.add_argument('--blendshapes', action='store_true')
    parser.add_argument('--transforms', action='store_true', help='fit the canonical face')
    return parser.parse_args()


if __name__ == '__main__':
    chosen = arguments()
    serve(lambda: load(chosen))
