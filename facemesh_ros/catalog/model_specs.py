"""What MediaPipe's face pipelines do differently around their models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from facemesh_ros.errors import FacemeshError

Profile = TypeVar('Profile')


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """What a detector was trained with.

    Attributes:
        layers: Stride in px of the input and anchors per cell of each feature map.
        smallest_face: Height of the smallest face that it sees well, as a part of the input's
            side; measured by shrinking faces.
        looks_per_image: How often it may look at one image of a stream at most, so that the
            search costs no more than following two or three faces.
    """

    layers: tuple[tuple[int, int], ...]
    smallest_face: float
    looks_per_image: int


# Sources: face_detection_short_range.pbtxt, face_detection_full_range.pbtxt. There scores must
# reach 0.5 and 0.6, whatever users ask for; here `min_detection_confidence` counts for both.
DETECTOR_SPECS = {
    'short_range': DetectorSpec(layers=((8, 2), (16, 6)), smallest_face=0.13, looks_per_image=8),
    'full_range': DetectorSpec(layers=((4, 1),), smallest_face=0.1, looks_per_image=4),
}


@dataclass(frozen=True, slots=True)
class LandmarkSpec:
    """Rules that a landmark model's results depend on.

    Attributes:
        max_iou: Overlap from which two detections are one face.
        square_roi: Whether the first crop is square, or as wide and high as the detection.
        has_blendshapes: Whether MediaPipe reads expressions behind it.
    """

    max_iou: float
    square_roi: bool
    has_blendshapes: bool = False


# Sources: face_detection.pbtxt and face_detection_front_detection_to_roi.pbtxt for attention and
# mesh; face_detector_graph.cc and its options' defaults for v2.
LANDMARK_SPECS = {
    'v2': LandmarkSpec(max_iou=0.5, square_roi=False, has_blendshapes=True),
    'attention': LandmarkSpec(max_iou=0.3, square_roi=True),
    'mesh': LandmarkSpec(max_iou=0.3, square_roi=True),
}


def detector_spec(model: str) -> DetectorSpec:
    """Return what a detector was trained with.

    Raises:
        FacemeshError: If the model is not known.
    """
    return _known(DETECTOR_SPECS, model, 'detector')


def landmark_spec(model: str) -> LandmarkSpec:
    """Return the rules for a landmark model.

    Raises:
        FacemeshError: If the model is not known.
    """
    return _known(LANDMARK_SPECS, model, 'landmark model')


def _known(specs: Mapping[str, Profile], model: str, kind: str) -> Profile:
    if model not in specs:
        raise FacemeshError(f'unknown {kind} {model!r}; known are {", ".join(specs)}')
    return specs[model]
