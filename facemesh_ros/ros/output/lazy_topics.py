"""Topics whose messages are built only while somebody subscribes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile

from facemesh_ros.pipeline.components import Stage
from facemesh_ros.ros.output.image_result import ImageResult


@dataclass(frozen=True, slots=True)
class LazyTopic:
    """A topic that shows the faces of each image.

    Attributes:
        name: Below the prefix of the camera's outputs.
        msg_type: Of its messages.
        qos: Of its publisher.
        build: Makes the message of an image, or its serialised bytes; None if there is nothing to
            publish.
        shows_pixels: Whether its messages hold pixels of the camera.
    """

    name: str
    msg_type: type
    qos: QoSProfile
    build: Callable[[ImageResult], Any]
    shows_pixels: bool = False

    @property
    def stage(self) -> str:
        """Its name among the stages that diagnostics report the times of."""
        return self.name.replace('_', ' ').replace('/', ' ')


class LazyPublishers:
    """The publishers of lazy topics; each is a stage that is timed while it is subscribed to."""

    def __init__(
        self,
        topics: Iterable[LazyTopic],
        create: Callable[[type, str, QoSProfile], Publisher],
        stage: Stage,
    ) -> None:
        """Create the publishers; `create` owns them, and raises TopicError if one is invalid."""
        self._stage = stage
        self._publishers = [(it, create(it.msg_type, it.name, it.qos)) for it in topics]

    def is_subscribed(self, *names: str) -> bool:
        """Return whether anybody subscribes to one of these topics."""
        return any(
            publisher.get_subscription_count()
            for topic, publisher in self._publishers
            if topic.name in names
        )

    def publish(self, result: ImageResult) -> None:
        """Publish what is subscribed to of one image."""
        for topic, publisher in self._publishers:
            if publisher.get_subscription_count():
                with self._stage(topic.stage):
                    content = topic.build(result)
                    if content is not None:
                        publisher.publish(content)
