"""What MediaPipe's two face pipelines do differently around their landmark models."""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros.errors import FacemeshError


@dataclass(frozen=True, slots=True)
class LandmarkProfile:
    """Rules that a landmark model's results depend on.

    Attributes:
        max_iou: Overlap from which two detections are one face.
        square_roi: Whether the first crop is square, or as wide and high as the detection.
    """

    max_iou: float
    square_roi: bool


# Sources: face_detection.pbtxt and face_detection_front_detection_to_roi.pbtxt for attention;
# face_detector_graph.cc and its options' defaults for v2.
PROFILES = {
    'attention': LandmarkProfile(max_iou=0.3, square_roi=True),
    'v2': LandmarkProfile(max_iou=0.5, square_roi=False),
}


def profile_of(landmark_model: str) -> LandmarkProfile:
    """Return the rules for a landmark model.

    Raises:
        FacemeshError: If the model is not known.
    """
    if landmark_model not in PROFILES:
        raise FacemeshError(
            f'unknown landmark model {landmark_model!r}; known are {", ".join(PROFILES)}'
        )
    return PROFILES[landmark_model]
