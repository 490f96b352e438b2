"""The camera of each image of a node, from the camera_info that belongs to it."""

from __future__ import annotations

from collections.abc import Hashable

from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import CameraInfo

from facemesh_ros.geometry.camera import CalibratedCamera
from facemesh_ros.messages.camera_model import (
    MAX_INFOS,
    UNCALIBRATED,
    CameraInfoModel,
    is_rectified,
)
from facemesh_ros.ros.diagnostics.finding import ONCE, LogThrottle
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.input.waiting_messages import WaitingMessages

__all__ = ['MAX_INFOS', 'UNCALIBRATED', 'CameraModel', 'is_rectified']

# As many as may come while an image is in work: a second at 30 Hz.
INFOS = QoSProfile(depth=30, reliability=QoSReliabilityPolicy.BEST_EFFORT)


class CameraModel(CameraInfoModel):
    """The camera of each image; what is wrong with it is logged by the node.

    camera_infos stay in the middleware until an image is there, in whose thread they are taken: as
    they come, those of eight cameras would keep the executor busy.
    """

    def __init__(self, topics: CameraTopics) -> None:
        """Subscribe to nothing yet."""
        self._topics, self._throttle = topics, LogThrottle()
        self._messages: WaitingMessages | None = None
        super().__init__(topics.image_topic, self._warn_once)

    def open(self) -> None:
        """Subscribe; raises TopicError if that is refused."""
        topics = self._topics
        self._messages = WaitingMessages(topics, CameraInfo, topics.info_topic, INFOS)

    def close(self) -> None:
        """Unsubscribe, and keep what is known; nobody asks meanwhile."""
        if self._messages is not None:
            self._messages.close()
        self._messages = None

    def take_new(self) -> None:
        """Take those that have come, the oldest first."""
        if self._messages is not None:
            for message in self._messages.take():
                self.update(message.cdr)

    def camera_of(self, stamp_ns: int, image_wh: tuple[int, int]) -> CalibratedCamera | None:
        """See `CameraInfoModel.camera_of`."""
        if not self.has(stamp_ns):
            self.take_new()
        return super().camera_of(stamp_ns, image_wh)

    def _warn_once(self, text: str, kind: Hashable) -> None:
        if self._throttle.is_due(kind, ONCE):
            self._topics.logger.warning(text)
