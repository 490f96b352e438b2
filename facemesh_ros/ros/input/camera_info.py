"""The camera of each image of a node, from the camera_info that belongs to it."""

from __future__ import annotations

from collections.abc import Hashable

from facemesh_ros.messages.camera_model import (
    MAX_INFOS,
    UNCALIBRATED,
    CameraInfoModel,
    is_rectified,
)
from facemesh_ros.ros.diagnostics.finding import ONCE, LogThrottle
from facemesh_ros.ros.input.topics import CameraTopics

__all__ = ['MAX_INFOS', 'UNCALIBRATED', 'CameraModel', 'is_rectified']


class CameraModel(CameraInfoModel):
    """The camera of each image; what is wrong with it is logged by the node."""

    def __init__(self, topics: CameraTopics) -> None:
        self._logger, self._throttle = topics.logger, LogThrottle()
        super().__init__(topics.image_topic, self._warn_once)

    def _warn_once(self, text: str, kind: Hashable) -> None:
        if self._throttle.is_due(kind, ONCE):
            self._logger.warning(text)
