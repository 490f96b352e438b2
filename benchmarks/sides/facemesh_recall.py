"""This project looking for faces as a measured process.

Usage: facemesh_recall.py DETECTOR DETECTOR_ROTATIONS picture|stream
"""

from __future__ import annotations

import sys
from itertools import count

from serving import Side, serve

IMAGES_HZ = 30


def load() -> Side:
    """Load the sensor with room for all faces, on the CPU, where the peers run too."""
    import cv2
    import numpy as np
    import onnxruntime

    from facemesh_ros.core.settings import SensorSettings
    from facemesh_ros.core.types import Frame, PixelOrder
    from facemesh_ros.sensor import load_sensor

    cv2.setNumThreads(1)
    detector, rotations, mode = sys.argv[1:]
    settings = SensorSettings(
        max_faces=64,
        landmark_model='v2',
        detector=detector,
        detector_rotations=rotations,
        execution_provider='cpu',
        publish_blendshapes=False,  # the peers do not score them either
    )
    pipeline = load_sensor(settings).stream()
    find = pipeline.process if mode == 'stream' else pipeline.examine
    numbers = count(1)
    return Side(
        find=lambda rgb: find(Frame(rgb, PixelOrder.RGB, next(numbers) * 10**9 // IMAGES_HZ)),
        count=len,
        versions={
            'onnxruntime': onnxruntime.__version__,
            'opencv': cv2.__version__,
            'numpy': np.__version__,
        },
        forget=pipeline.reset,
        boxes_xyxy=lambda faces, _: faces.boxes_xyxy.tolist(),
    )


if __name__ == '__main__':
    serve(load)
