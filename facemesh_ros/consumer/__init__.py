"""For nodes that read faces: the messages as arrays, parts of a face by name, and what they do.

Needs numpy and nothing of the node; `facemesh_ros/consumer.hpp` has the same in C++. All functions
take messages as they are received. What a message does not tell (METRIC_NONE, no gaze, NaN) comes
out as NaN or as an empty array, never as a number that could be taken for a measurement.
"""

from facemesh_ros.consumer.camera import LatestCameraInfo, project
from facemesh_ros.consumer.freshness import LatestFaces, age_s
from facemesh_ros.consumer.landmark_names import NamedLandmarks
from facemesh_ros.consumer.openings import Opening, eye_opening, mouth_opening
from facemesh_ros.consumer.poses import Look, eyes_middle, gaze, head_pose, look_at, mouth_pose
from facemesh_ros.consumer.views import (
    blendshapes,
    box,
    covariance,
    is_metric,
    landmarks,
    landmarks_metric,
    seen_faces,
)

__all__ = [
    'LatestCameraInfo',
    'LatestFaces',
    'Look',
    'NamedLandmarks',
    'Opening',
    'age_s',
    'blendshapes',
    'box',
    'covariance',
    'eye_opening',
    'eyes_middle',
    'gaze',
    'head_pose',
    'is_metric',
    'landmarks',
    'landmarks_metric',
    'look_at',
    'mouth_opening',
    'mouth_pose',
    'project',
    'seen_faces',
]
