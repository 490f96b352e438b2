"""One camera's path through the node: image messages in, faces out."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache, partial

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import LifecycleNode

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.errors import FacemeshError
from facemesh_ros.image.bit_depth import StreamBitDepth
from facemesh_ros.inference.session import ModelOutputError
from facemesh_ros.messages.cdr_image import CdrHeader
from facemesh_ros.pipeline.stage_times import StageTimes
from facemesh_ros.ros.diagnostics.duplicate_publishers import DuplicatePublishers
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.diagnostics.image_headers import StampFaultLog
from facemesh_ros.ros.diagnostics.metric_finding import metric_finding
from facemesh_ros.ros.diagnostics.no_images import NoImages
from facemesh_ros.ros.diagnostics.stalled_inference import Stall
from facemesh_ros.ros.diagnostics.stream_status import StreamStatus
from facemesh_ros.ros.input.camera_info import CameraModel
from facemesh_ros.ros.input.cdr_image import read_image
from facemesh_ros.ros.input.depth_images import DepthImages
from facemesh_ros.ros.input.fair_scheduler import FairScheduler
from facemesh_ros.ros.input.image_conversion import frame_from_msg
from facemesh_ros.ros.input.image_subscription import ImageSubscription
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.input.worker import NewestFirstWorker
from facemesh_ros.ros.output.publishers import Publishers
from facemesh_ros.ros.output.target_frame import TargetFrame
from facemesh_ros.ros.parameters import Parameters
from facemesh_ros.ros.qos import TopicError
from facemesh_ros.types import Camera, DepthImage, Faces, Frame


class CameraStream:
    """Takes images while it is open; inference runs in a thread of its own.

    Attributes:
        publishers: Of the faces; they exist until `publishers.destroy()`.
        stall: For how long the inference thread has been at one image, counted by a watchdog.
    """

    def __init__(
        self,
        node: LifecycleNode,
        sensor: FaceSensor,
        parameters: Parameters,
        camera: str,
        scheduler: FairScheduler,
        counts: ImageCounts,
        target: TargetFrame | None,
    ) -> None:
        """Create the publishers; raises TopicError if a topic cannot be published, and none is.

        `camera` is the prefix of its topics, empty for the only camera; the scheduler and the
        target frame, if there is one, are shared with the other cameras.
        """
        self._parameters, self._scheduler = parameters, scheduler
        self._counts, self._enabled = counts, True
        self._model, self._recovery = sensor.model, sensor.recovery
        self._topics = CameraTopics(node, camera, parameters.settings.image_transport)
        self.stall = Stall(self._topics.image_topic)
        self._times = StageTimes()
        self._pipeline = sensor.stream(self._times.stage)
        self._prepare_thread = sensor.prepare_thread
        self._stamp_faults = StampFaultLog(self._topics, self._pipeline.stamp_faults)
        self._camera, self._depth = CameraModel(self._topics), DepthImages(self._topics)
        self.publishers = Publishers(
            self._topics, sensor, self._camera, self._times.stage, target, parameters.settings
        )
        self._reset_requested = False
        self._bit_depth = StreamBitDepth()
        self._queue: NewestImageQueue[memoryview] | None = None
        self._worker: NewestFirstWorker[memoryview] | None = None
        self._opened = ExitStack()

    def open(self) -> None:
        """Subscribe and start the worker; raises TopicError if a subscription is refused."""
        topics = self._topics
        queue = NewestImageQueue[memoryview](self._counts)
        queue.enable(self._enabled)
        with ExitStack() as undo:
            undo.callback(self.reset)
            undo.callback(self._camera.close)
            self._camera.open()
            undo.callback(self._depth.close)
            self._depth.follow(self._parameters.settings.metric_mode)
            images = ImageSubscription(topics, queue.put)
            undo.callback(images.destroy)
            queue.connect(images)
            camera, depth, publishers = self._camera, self._depth, self.publishers
            pipeline, parameters = self._pipeline, self._parameters
            publishers.frame_id = None
            # None refers to this stream: a cycle would keep the models in memory.
            checks = (
                self.stall.finding,
                NoImages(topics, images.qos, queue),
                DuplicatePublishers(topics, images.qos, queue.gaps),
                publishers.frame_finding,
                lambda: metric_finding(
                    camera, depth, pipeline.metric_problem, parameters.settings.metric_mode
                ),
            )
            self._status = StreamStatus(
                topics, self._model, self._pipeline, self._times, queue, images.qos, checks
            )
            self._queue = queue
            self._worker = NewestFirstWorker(
                queue,
                self._process,
                self._on_error,
                self._scheduler,
                self._prepare_thread,
                self.stall.progress,
            )
            undo.callback(self._worker.stop)
            self._opened = undo.pop_all()
        if self._enabled:
            topics.logger.info(f'waiting for images on {topics.image_topic}')

    def close(self) -> None:
        """Unsubscribe, finish the image in progress and forget all faces; nothing if not open."""
        self._opened.close()
        self._queue = self._worker = None

    def enable(self, enabled: bool) -> None:
        """Take images while it is open, or none."""
        self._enabled = enabled
        if self._queue is not None:
            self._queue.enable(enabled)

    def reset(self) -> None:
        """Forget all faces before the next image; ids are not reused."""
        self._reset_requested = True

    def follow_settings(self) -> None:
        """Follow a change of `metric_mode`; in the executor's thread, as it subscribes."""
        try:
            self._depth.follow(self._parameters.settings.metric_mode)
        except TopicError as error:
            self._depth.refuse(str(error), error)

    def report(self, period_s: float) -> DiagnosticStatus:
        """Return the status over the last `period_s`; only while it is open."""
        status = self._status.report(period_s)
        if self._worker is not None and not self._worker.is_alive:
            status.level = DiagnosticStatus.ERROR
            status.message = 'the inference thread has ended; deactivate and activate the node'
        return status

    def _on_error(self, error: Exception) -> None:
        self._status.image_failed(error)
        self._recovery.after(error)

    def _process(self, cdr: memoryview) -> None:
        """Process one serialised image, in the worker's thread."""
        pipeline, settings = self._pipeline, self._parameters.settings
        if self._reset_requested:
            self._reset_requested = False
            pipeline.reset()
            self._bit_depth.reset()
        pipeline.settings = settings
        self._camera.take_new()  # while those before this image are still there
        msg = read_image(self._topics.image_msg_type, cdr, CdrHeader)
        if 0 < settings.max_image_age < self.publishers.age_s(msg.header):
            self._status.image_too_old(settings.max_image_age)
            return
        with self._times.stage('decode'):
            frame = frame_from_msg(
                msg,
                max_megapixels=settings.max_image_megapixels,
                to_8_bits=self._bit_depth.to_uint8,
            )
        # Asked once: the camera that faces are placed by is that which they are drawn by.
        find_geometry = cache(partial(self._geometry_of, frame))
        faces = self._faces_in(frame.with_geometry(find=find_geometry))
        camera, _ = find_geometry()  # without faces nobody has asked yet
        frame = frame.with_geometry(camera)
        self._stamp_faults.log_new()
        with self._times.stage('publish'):
            latency_s = self.publishers.publish_landmarks(faces, frame, msg.header, self._counts)
        self._status.image_done(len(faces), latency_s)
        self.publishers.publish_shown(faces, frame, msg.header, settings.marker_style)

    def _geometry_of(self, frame: Frame) -> tuple[Camera | None, DepthImage | None]:
        """Return the camera of a frame, and the depth image that is nearest in time."""
        camera = self._camera.camera_of(frame.stamp_ns, frame.image_wh)
        # Not subscribed to, there is none.
        return camera, self._depth.nearest(frame.stamp_ns) if camera is not None else None

    def _faces_in(self, frame: Frame) -> Faces:
        try:
            return self._pipeline.process(frame)
        except Exception as error:
            if not isinstance(error, FacemeshError) or isinstance(error, ModelOutputError):
                self.reset()  # a half-updated state would make all further images fail
            raise
