"""Faces of single pictures placed by a depth image."""

from __future__ import annotations

import numpy as np
from geometry_measurements.systems import SeenFace
from geometry_measurements.truth_sets import ScanPicture

from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.types import DepthImage, Float32, Frame, MetricFaces, PixelOrder


def place_by_depth(
    face: SeenFace, frame: Frame, depth_m: Float32, age_s: float = 0.0, mode: str = 'depth'
) -> MetricFaces:
    """Place one face of a picture by itself with a depth image of some age."""
    depth = DepthImage(depth_m, frame.stamp_ns - round(1e9 * age_s))
    with_depth = Frame(frame.image, frame.order, frame.stamp_ns, frame.camera, depth)
    return HeadEstimator().update(np.array([1]), face.landmarks[None], with_depth, mode)


def blank_frame(picture: ScanPicture) -> Frame:
    """Return a frame of a picture's camera; its pixels are not looked at any more."""
    width, height = picture.lens.image_wh
    image = np.broadcast_to(np.uint8(0), (height, width))
    return Frame(image, PixelOrder.MONO, 10**12, picture.lens.camera)
