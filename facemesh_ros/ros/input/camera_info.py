"""The camera of each image of a node, from the camera_info that belongs to it."""

from __future__ import annotations

from collections.abc import Hashable

from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from facemesh_ros.geometry.camera import CalibratedCamera
from facemesh_ros.messages.camera_model import (
    MAX_INFOS,
    UNCALIBRATED,
    CameraInfoModel,
    is_rectified,
)
from facemesh_ros.ros.diagnostics.finding import ONCE, LogThrottle
from facemesh_ros.ros.input.image_subscription import GatedCallbackGroup
from facemesh_ros.ros.input.serialized_messages import SerializedMessages
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.qos import create_subscription

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
        self._subscription: Subscription | None = None
        self._messages: SerializedMessages | None = None
        super().__init__(topics.image_topic, self._warn_once)

    def open(self) -> None:
        """Subscribe; raises TopicError if that is refused."""
        self._subscription = create_subscription(
            self._topics.node,
            CameraInfo,
            self._topics.info_topic,
            lambda _: None,
            INFOS,
            callback_group=GatedCallbackGroup(),  # closed: the executor takes none
            raw=True,
        )
        self._messages = SerializedMessages(self._subscription)

    def close(self) -> None:
        """Unsubscribe, and keep what is known; nobody asks meanwhile."""
        if self._subscription is not None:
            self._topics.node.destroy_subscription(self._subscription)
        self._subscription = self._messages = None

    def take_new(self) -> None:
        """Take those that have come, the oldest first."""
        while self._messages is not None and (taken := self._messages.take()) is not None:
            self.update(taken.cdr)

    def camera_of(self, stamp_ns: int, image_wh: tuple[int, int]) -> CalibratedCamera | None:
        """See `CameraInfoModel.camera_of`."""
        self.take_new()
        return super().camera_of(stamp_ns, image_wh)

    def _warn_once(self, text: str, kind: Hashable) -> None:
        if self._throttle.is_due(kind, ONCE):
            self._topics.logger.warning(text)
