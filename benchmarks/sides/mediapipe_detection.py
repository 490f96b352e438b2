"""MediaPipe's legacy face detection as a measured process; usage: mediapipe_detection.py MODEL.

MODEL is 0 for short range and 1 for full range.
"""

from __future__ import annotations

import sys
from typing import Any

from serving import Side, serve


def load() -> Side:
    """Load FaceDetection; it takes each image by itself."""
    import mediapipe
    import numpy as np
    from mediapipe.python.solutions.face_detection import FaceDetection

    solution = FaceDetection(model_selection=int(sys.argv[1]), min_detection_confidence=0.5)
    return Side(
        find=solution.process,
        count=lambda found: len(found.detections or []),
        versions={'mediapipe': mediapipe.__version__, 'numpy': np.__version__},
        boxes_xyxy=boxes_xyxy,
    )


def boxes_xyxy(found: Any, image_wh: tuple[int, int]) -> list[list[float]]:
    """Return the detected boxes, (M, 4) px."""
    width, height = image_wh
    boxes = [one.location_data.relative_bounding_box for one in found.detections or []]
    return [
        [
            box.xmin * width,
            box.ymin * height,
            (box.xmin + box.width) * width,
            (box.ymin + box.height) * height,
        ]
        for box in boxes
    ]


if __name__ == '__main__':
    serve(load)
