"""This project's pipeline as a measured process; usage: facemesh.py LANDMARK_MODEL MAX_FACES."""

from __future__ import annotations

import sys

from serving import Side, serve


def load() -> Side:
    """Load the sensor on the CPU, where the peers run too."""
    import cv2
    import numpy as np
    import onnxruntime

    from facemesh_ros.core.settings import SensorSettings
    from facemesh_ros.core.types import Frame, PixelOrder
    from facemesh_ros.sensor import load_sensor
    from facemesh_ros.timing import StageTimes

    cv2.setNumThreads(1)
    times = StageTimes()
    settings = SensorSettings(
        max_faces=int(sys.argv[2]),
        landmark_model=sys.argv[1],
        detector='short_range',  # as the peers look
        second_look=False,
        execution_provider='cpu',
        publish_blendshapes=False,  # the peers do not score them either
    )
    pipeline = load_sensor(settings, times.stage).pipeline
    return Side(
        find=lambda rgb: pipeline.examine(Frame(rgb, PixelOrder.RGB)),
        count=len,
        versions={
            'onnxruntime': onnxruntime.__version__,
            'opencv': cv2.__version__,
            'numpy': np.__version__,
        },
        forget=pipeline.reset,
        stages_ms=lambda: dict(times.last_ms),
    )


if __name__ == '__main__':
    serve(load)
