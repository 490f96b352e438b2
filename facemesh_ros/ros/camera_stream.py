"""One camera's way through the node: image messages in, faces out."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.errors import FacemeshError
from facemesh_ros.image.bit_depth import StreamBitDepth
from facemesh_ros.pipeline.stage_times import StageTimes
from facemesh_ros.ros.diagnostics.duplicate_publishers import DuplicatePublishers
from facemesh_ros.ros.diagnostics.finding import Finding
from facemesh_ros.ros.diagnostics.frame_ids import FrameIds
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.diagnostics.lost_images import cure_of_losses
from facemesh_ros.ros.diagnostics.no_images import NoImages
from facemesh_ros.ros.diagnostics.stamp_faults import StampFaultLog
from facemesh_ros.ros.diagnostics.stream_status import StreamStatus
from facemesh_ros.ros.input.camera_info import CameraModel
from facemesh_ros.ros.input.cdr_image import read_image
from facemesh_ros.ros.input.fair_scheduler import FairScheduler
from facemesh_ros.ros.input.image_conversion import frame_from_msg
from facemesh_ros.ros.input.image_subscription import ImageSubscription
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.input.worker import NewestFirstWorker
from facemesh_ros.ros.output.publishers import Publishers
from facemesh_ros.ros.parameters import Parameters
from facemesh_ros.ros.qos import SENSOR_DATA, create_subscription
from facemesh_ros.types import Faces, Frame


class CameraStream:
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
        turns: FairScheduler,
        counts: ImageCounts,
        *,
        enabled: bool,
    ) -> None:
        """Announce what runs; raises TopicError if a topic cannot be published, and none is then.

        Args:
            node: Whose topics these are.
            sensor: The models.
            parameters: Of the node.
            camera: What its topics begin with; empty for the only camera.
            turns: When it may work, beside the other cameras.
            counts: Of the camera's images, which go on counting.
            enabled: Whether to take images, once it is open.
        """
        self._enabled, self._counts = enabled, counts
        self._parameters, self._turns, self._model = parameters, turns, sensor.model
        self._recovery = sensor.recovery
        self._source = CameraTopics(node, camera, parameters.settings.image_transport)
        self._times = StageTimes()
        self._pipeline = sensor.stream(self._times.stage)
        self._stamps = StampFaultLog(self._source, self._pipeline.stamp_faults)
        self._camera = CameraModel(self._source)
        self._outputs = Publishers(self._source, sensor, self._camera, self._times.stage)
        self._reset_wanted = False
        self._bit_depth = StreamBitDepth()
        self._inbox: NewestImageQueue[bytes] | None = None
        self._worker: NewestFirstWorker[bytes] | None = None
        self._opened = ExitStack()

    def open(self) -> None:
        """Subscribe and start to work; raises TopicError if a topic cannot be subscribed to."""
        source = self._source
        inbox = NewestImageQueue[bytes](self._counts)
        inbox.enable(self._enabled)
        with ExitStack() as undo:
            undo.callback(self.reset)
            calibration = create_subscription(
                source.node, CameraInfo, source.info_topic, self._camera.update, SENSOR_DATA
            )
            undo.callback(source.node.destroy_subscription, calibration)
            intake = ImageSubscription(source, inbox.put)
            undo.callback(intake.destroy)
            inbox.draw_from(intake)
            self.health = self._watch(inbox, intake.qos)
            self._inbox = inbox
            self._worker = NewestFirstWorker(inbox, self._process, self._failed, self._turns)
            undo.callback(self._worker.stop)
            self._opened = undo.pop_all()

    def _watch(self, inbox: NewestImageQueue[bytes], wanted: QoSProfile) -> StreamStatus:
        source, camera = self._source, self._camera
        self._frame_ids = FrameIds(self._outputs)
        checks = (
            NoImages(source, wanted, inbox),
            DuplicatePublishers(source, wanted, inbox.continuity),
            self._frame_ids,
            lambda: Finding(camera.problem) if camera.problem else None,
        )
        cure = partial(cure_of_losses, source, wanted)
        return StreamStatus(source, self._model, self._pipeline, self._times, inbox, cure, checks)

    def close(self) -> None:
        """Unsubscribe, finish the image in hand and forget all faces; nothing if not open."""
        self._opened.close()
        self._inbox = self._worker = None

    def announce(self) -> None:
        """Say again what runs, after that has changed; any thread may call it."""
        self._outputs.announce()

    def destroy(self) -> None:
        """Take the publishers down."""
        self._outputs.destroy()

    def enable(self, wanted: bool) -> None:
        """Take images, or leave them unread."""
        self._enabled = wanted
        if self._inbox is not None:
            self._inbox.enable(wanted)

    def reset(self) -> None:
        """Forget all faces before the next image; ids go on counting."""
        self._reset_wanted = True

    def report(self, period_s: float) -> DiagnosticStatus:
        """Return how it has been doing for so long; only while it is open."""
        status = self.health.report(period_s)
        if self._worker is not None and not self._worker.is_alive:
            status.level = DiagnosticStatus.ERROR
            status.message = 'the thread of the inference has ended; deactivate and activate again'
        return status

    def _failed(self, error: Exception) -> None:
        self.health.image_failed(error)
        self._recovery.after(error)

    def _process(self, content: bytes) -> None:
        """Work on one image, in the worker's thread."""
        pipeline, settings = self._pipeline, self._parameters.settings
        if self._reset_wanted:
            self._reset_wanted = False
            pipeline.reset()
            self._bit_depth.reset()
        pipeline.settings = settings
        msg = read_image(self._source.image_kind, content)
        if 0 < settings.max_image_age < self._outputs.age_s(msg.header):
            self.health.image_too_old(settings.max_image_age)
            return
        with self._times.stage('decode'):
            frame = frame_from_msg(
                msg,
                max_megapixels=settings.max_image_megapixels,
                to_8_bits=self._bit_depth.to_uint8,
            )
        faces = self._faces_in(frame)
        self._stamps.look()
        with self._times.stage('publish'):
            latency_s = self._outputs.publish_landmarks(faces, frame, msg.header, self._counts)
        self._frame_ids.last = msg.header.frame_id
        self.health.image_done(len(faces), latency_s)
        self._outputs.publish_views(faces, frame, msg.header, settings.marker_style)

    def _faces_in(self, frame: Frame) -> Faces:
        try:
            return self._pipeline.process(frame)
        except FacemeshError:
            raise
        except Exception:
            self.reset()  # what is half done would be in the way of all other images
            raise
