"""Why what is in metres is missing, or worse than asked for: one cause, said once."""

from __future__ import annotations

import re

from diagnostic_msgs.msg import DiagnosticStatus

from facemesh_ros.ros.diagnostics.finding import ONCE, Finding
from facemesh_ros.ros.input.camera_info import UNCALIBRATED, CameraModel
from facemesh_ros.ros.input.depth_images import DepthImages


def metric_finding(
    camera: CameraModel, depth: DepthImages, pipeline_problem: str, metric_mode: str
) -> Finding | None:
    """Return the first cause: without a camera, a depth image tells nothing, and so on.

    Args:
        camera: Logs its own problems.
        depth: Logs its own, too.
        pipeline_problem: See `FacePipeline.metric_problem`; numbers in it do not make another one.
        metric_mode: With auto, a camera without calibration is not a fault.
    """
    if problem := camera.problem or camera.damage:
        return Finding(problem)
    if metric_mode == 'none':
        return None
    if not camera.is_calibrated and pipeline_problem:
        camera.log_uncalibrated()
        level = DiagnosticStatus.OK if metric_mode == 'auto' else DiagnosticStatus.WARN
        return Finding(UNCALIBRATED, level=level)
    if depth.problem:
        return Finding(depth.problem)
    if pipeline_problem:
        kind = re.sub(r'[-+]?\d+(\.\d+)?', '#', pipeline_problem)
        return Finding(pipeline_problem, ('metric', kind), ONCE)
    return None
