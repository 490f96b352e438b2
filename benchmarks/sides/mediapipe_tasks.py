"""MediaPipe Tasks as a measured process; usage: mediapipe_tasks.py BUNDLE MAX_FACES."""

from __future__ import annotations

import sys
from typing import Any

from serving import Side, serve


def load() -> Side:
    """Load FaceLandmarker in IMAGE mode, without blendshapes and transformation matrices."""
    import mediapipe
    import numpy as np
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python import BaseOptions, vision

    landmarker = vision.FaceLandmarker.create_from_options(
        vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=sys.argv[1]),
            running_mode=vision.RunningMode.IMAGE,
            num_faces=int(sys.argv[2]),
            min_face_detection_confidence=0.5,
            min_face_presence_confidence=0.5,
        )
    )
    return Side(
        find=lambda rgb: landmarker.detect(Image(image_format=ImageFormat.SRGB, data=rgb)),
        count=lambda found: len(found.face_landmarks),
        boxes_xyxy=boxes_xyxy,
        versions={'mediapipe': mediapipe.__version__, 'numpy': np.__version__},
    )


def boxes_xyxy(found: Any, image_wh: tuple[int, int]) -> list[list[float]]:
    """Return boxes around the landmarks, (M, 4) px."""
    width, height = image_wh
    return [
        [edge(side) for edge in (min, max) for side in sides]
        for sides in (
            ([point.x * width for point in face], [point.y * height for point in face])
            for face in found.face_landmarks
        )
    ]


if __name__ == '__main__':
    serve(load)
