"""This package's pipeline as a measured process."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from itertools import count

from serving import MeasuredSystem, serve

RATE_HZ = 30


def load(options: Namespace) -> MeasuredSystem:
    """Load the pipeline as users get it on a CPU, where the peers run too.

    `auto` chooses the runtimes here, before anything is timed.
    """
    os.environ['CUDA_VISIBLE_DEVICES'] = '-1'  # read when the driver's library is loaded, below

    import cv2
    import numpy as np
    import onnxruntime

    from facemesh_ros.assembly.face_sensor import load_sensor
    from facemesh_ros.inference.openvino_runtime import openvino_version
    from facemesh_ros.inference.openvino_session import OPENVINO
    from facemesh_ros.pipeline.stage_times import StageTimes
    from facemesh_ros.settings.pipeline import SensorSettings
    from facemesh_ros.types import Frame, PixelOrder

    cv2.setNumThreads(1)
    times = StageTimes()
    settings = SensorSettings(
        max_faces=options.max_faces,
        landmark_model=options.model,
        detector=options.detector,
        detector_rotations=options.rotations,
        second_look=options.refine,
        publish_blendshapes=options.blendshapes,
    )
    sensor = load_sensor(settings)
    uses_openvino = sensor.model.provider == OPENVINO  # it comes for the landmark model alone
    pipeline = sensor.stream(times.stage)
    process = pipeline.process if options.stream else pipeline.process_static_image
    numbers = count(1)

    def stages_ms() -> dict[str, float]:
        stages = dict(times.last_ms)
        times.last_ms.clear()  # not every image runs every stage
        return stages

    return MeasuredSystem(
        process=lambda rgb: process(Frame(rgb, PixelOrder.RGB, next(numbers) * 10**9 // RATE_HZ)),
        count=len,
        versions={
            'onnxruntime': onnxruntime.__version__,
            'opencv': cv2.__version__,
            'numpy': np.__version__,
            **({'openvino': openvino_version()} if uses_openvino else {}),
            f'{options.model} by': 'OpenVINO' if uses_openvino else 'ONNX Runtime',
        },
        reset=pipeline.reset,
        boxes_xyxy=lambda faces, _: faces.boxes_xyxy,
        landmarks=lambda faces, _: faces.landmarks,
        stages_ms=stages_ms,
    )


def arguments() -> Namespace:
    """Parse the command line; by default the pipeline works as the peers do."""
    parser = ArgumentParser()
    parser.add_argument('model', help='landmark model')
    parser.add_argument('--max-faces', type=int, required=True)
    parser.add_argument('--stream', action='store_true', help='track faces, at 30 Hz')
    parser.add_argument('--detector', default='short_range')
    parser.add_argument('--rotations', default='upright', help='detector_rotations')
    parser.add_argument('--refine', action='store_true', help='ROI refinement (second_look)')
    parser.add_argument('--blendshapes', action='store_true')
    return parser.parse_args()


if __name__ == '__main__':
    chosen = arguments()
    serve(lambda: load(chosen))
