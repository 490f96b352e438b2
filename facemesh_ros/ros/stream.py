"""One camera's way through the node: image messages in, faces out."""

from __future__ import annotations

from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CameraInfo

from facemesh_ros.ros.camera import CameraModel
from facemesh_ros.ros.health import Health
from facemesh_ros.ros.images import frame_from_msg
from facemesh_ros.ros.inbox import Inbox
from facemesh_ros.ros.intake import ImageIntake
from facemesh_ros.ros.outputs import Outputs
from facemesh_ros.ros.qos import SENSOR_DATA, overridable
from facemesh_ros.ros.received import read_image
from facemesh_ros.ros.settings import Parameters
from facemesh_ros.ros.source import Source
from facemesh_ros.ros.stamps import StampWatch
from facemesh_ros.ros.turns import Turns
from facemesh_ros.ros.worker import NewestFirstWorker
from facemesh_ros.sensor import FaceSensor
from facemesh_ros.timing import StageTimes


class FaceStream:
    """Takes images while it is open; the inference runs in a thread of its own.

    Attributes:
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
        self._enabled = True
        self._parameters, self._turns, self._model = parameters, turns, sensor.model
        self._recovery = sensor.recovery
        self._source = Source(node, camera, parameters.settings.image_transport)
        self._times = StageTimes()
        self._pipeline = sensor.stream(self._times.stage)
        self._stamps = StampWatch(self._source, self._pipeline.stamp_faults)
        self._camera = CameraModel(self._source.logger.warning)
        self._outputs = Outputs(self._source, sensor, self._camera, self._times.stage)
        self._reset_wanted = False
        self._worker: NewestFirstWorker[bytes] | None = None

    def open(self) -> None:
        """Subscribe and start to work."""
        source = self._source
        inbox = self._inbox = Inbox[bytes]()
        inbox.enable(self._enabled)
        self._intake = ImageIntake(source, inbox.put)
        inbox.draw_from(self._intake)
        self.health = Health(source, self._model, self._pipeline, self._times, inbox)
        self._worker = NewestFirstWorker(inbox, self._process, self._failed, self._turns)
        self._calibration = source.node.create_subscription(
            CameraInfo,
            source.info_topic,
            self._camera.update,
            SENSOR_DATA,
            qos_overriding_options=overridable(),
        )

    def close(self) -> None:
        """Unsubscribe, finish the image in hand and forget all faces; nothing if not open."""
        if self._worker is None:
            return
        self._worker.stop()
        self._worker = None
        self._intake.destroy()
        self._source.node.destroy_subscription(self._calibration)
        self.reset()

    def announce(self) -> None:
        """Say again what runs, after that has changed; any thread may call it."""
        self._outputs.announce()

    def destroy(self) -> None:
        """Take the publishers down."""
        self._outputs.destroy()

    def enable(self, wanted: bool) -> None:
        """Take images, or leave them unread."""
        self._enabled = wanted
        if self._worker is not None:
            self._inbox.enable(wanted)

    def reset(self) -> None:
        """Forget all faces before the next image; ids go on counting."""
        self._reset_wanted = True

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
        self._stamps.look()
        with self._times.stage('publish'):
            latency_s = self._outputs.publish_landmarks(
                faces, frame, msg.header, self._inbox.dropped
            )
        self.health.image_done(len(faces), latency_s)
        self._outputs.publish_views(faces, frame, msg.header, settings.marker_style)
