"""One camera's way through the node: image messages in, faces out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from facemesh_ros.ros.camera import CameraModel
from facemesh_ros.ros.health import Health
from facemesh_ros.ros.images import frame_from_msg
from facemesh_ros.ros.outputs import Outputs
from facemesh_ros.ros.qos import IMAGES, SENSOR_DATA, overridable
from facemesh_ros.ros.received import read_image
from facemesh_ros.ros.settings import Parameters
from facemesh_ros.ros.source import Source
from facemesh_ros.ros.turns import Turns
from facemesh_ros.ros.worker import NewestFirstWorker
from facemesh_ros.sensor import FaceSensor
from facemesh_ros.timing import StageTimes


class FaceStream:
    """Takes images while it is open; the inference runs in a thread of its own.

    Attributes:
        enabled: Whether images are taken; false leaves them unread.
        health: How it is doing, since it was opened last.
    """

    def __init__(
        self,
        node: LifecycleNode,
        sensor: FaceSensor,
        parameters: Parameters,
        camera: str,
        turns: Turns,
    ) -> None:
        """Announce what runs.

        Args:
            node: Whose topics these are.
            sensor: The models.
            parameters: Of the node.
            camera: What its topics begin with; empty for the only camera.
            turns: When it may work, beside the other cameras.
        """
        self.enabled = True
        self._parameters, self._turns, self._model = parameters, turns, sensor.model
        self._recovery = sensor.recovery
        self._source = Source(node, camera, parameters.settings.image_transport)
        self._times = StageTimes()
        self._pipeline = sensor.stream(self._times.stage)
        self._camera = CameraModel(self._source.logger.warning)
        self._outputs = Outputs(self._source, sensor, self._camera, self._times.stage)
        self._reset_wanted = False
        self._subscriptions: list[Subscription] = []

    def open(self) -> None:
        """Subscribe and start to work."""
        source = self._source
        self._worker = NewestFirstWorker(self._process, self._failed, self._turns)
        self.health = Health(source, self._model, self._pipeline, self._times, self._worker)
        self._subscriptions = [
            self._subscription(
                source.image_kind, source.image_topic, self._on_image, IMAGES, raw=True
            ),
            self._subscription(CameraInfo, source.info_topic, self._camera.update, SENSOR_DATA),
        ]

    def _subscription(
        self,
        kind: type,
        topic: str,
        callback: Callable[[Any], None],
        qos: QoSProfile,
        *,
        raw: bool = False,
    ) -> Subscription:
        return self._source.node.create_subscription(
            kind, topic, callback, qos, qos_overriding_options=overridable(), raw=raw
        )

    def close(self) -> None:
        """Unsubscribe, finish the image in hand and forget all faces; nothing if not open."""
        if not self._subscriptions:
            return
        for subscription in self._subscriptions:
            self._source.node.destroy_subscription(subscription)
        self._subscriptions = []
        self._worker.stop()
        self.reset()

    def announce(self) -> None:
        """Say again what runs, after that has changed; any thread may call it."""
        self._outputs.announce()

    def destroy(self) -> None:
        """Take the publishers down."""
        self._outputs.destroy()

    def reset(self) -> None:
        """Forget all faces before the next image; ids go on counting."""
        self._reset_wanted = True

    def _on_image(self, content: bytes) -> None:
        if self.enabled:
            self._worker.submit(content)

    def _failed(self, error: Exception) -> None:
        self.health.image_failed(error)
        self._recovery.after(error)

    def _process(self, content: bytes) -> None:
        """Work on one image, in the worker's thread."""
        pipeline, settings = self._pipeline, self._parameters.settings
        if self._reset_wanted:
            self._reset_wanted = False
            pipeline.reset()
        pipeline.settings = settings
        msg = read_image(self._source.image_kind, content)
        if 0 < settings.max_image_age < self._outputs.age_s(msg.header):
            self.health.image_too_old(settings.max_image_age)
            return
        with self._times.stage('decode'):
            frame = frame_from_msg(msg)
        faces = pipeline.process(frame)
        with self._times.stage('publish'):
            latency_s = self._outputs.publish_landmarks(
                faces, frame, msg.header, self._worker.dropped
            )
        self.health.image_done(len(faces), latency_s)
        self._outputs.publish_views(faces, frame, msg.header, settings.marker_style)
