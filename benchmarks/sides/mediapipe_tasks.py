"""MediaPipe Tasks as a measured process."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from itertools import count
from typing import Any

from serving import Side, serve

IMAGES_HZ = 30


def load(options: Namespace) -> Side:
    """Load FaceLandmarker in IMAGE or VIDEO mode, without transformation matrices."""
    import mediapipe
    import numpy as np
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
        )
    )
    numbers = count(1)

    def find(rgb: np.ndarray) -> Any:
        image = Image(image_format=ImageFormat.SRGB, data=rgb)
        if not options.stream:
            return landmarker.detect(image)
        return landmarker.detect_for_video(image, next(numbers) * 1000 // IMAGES_HZ)

    return Side(
        find=find,
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


def arguments() -> Namespace:
    """Return the command line's arguments."""
    parser = ArgumentParser()
    parser.add_argument('bundle', help='face_landmarker.task')
    parser.add_argument('max_faces', type=int)
    parser.add_argument('--stream', action='store_true', help='follow the faces, at 30 Hz')
    parser.add_argument('--blendshapes', action='store_true')
    return parser.parse_args()


if __name__ == '__main__':
    chosen = arguments()
    serve(lambda: load(chosen))
