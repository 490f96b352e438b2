"""The publishers of one camera's faces."""

from __future__ import annotations

import math
from contextlib import ExitStack

from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.messages.cdr_image import CdrHeader
from facemesh_ros.messages.face_messages import faces_cdr
from facemesh_ros.messages.image_conversion import ns_from_stamp
from facemesh_ros.messages.transforms import FaceTransforms
from facemesh_ros.msg import FaceMeshArray, FaceMeshInfo
from facemesh_ros.pipeline.components import Stage
from facemesh_ros.ros.diagnostics.finding import ONCE, Finding
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.diagnostics.image_headers import frame_id_finding
from facemesh_ros.ros.input.camera_info import CameraModel
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.output.image_result import ImageResult
from facemesh_ros.ros.output.lazy_topics import LazyPublishers
from facemesh_ros.ros.output.messages import info_msg
from facemesh_ros.ros.output.scene_placement import ScenePlacement
from facemesh_ros.ros.output.shown_topics import IN_SPACE, shown_topics
from facemesh_ros.ros.output.target_frame import TargetFrame
from facemesh_ros.ros.parameters import NodeSettings
from facemesh_ros.ros.qos import LATCHED, RESULTS, TF, create_publisher
from facemesh_ros.types import Faces, Frame


class Publishers:
    """Publishes the landmarks of every image, what shows them only while it is subscribed to.

    Attributes:
        frame_id: Of the last image; None before the first.
    """

    def __init__(
        self,
        topics: CameraTopics,
        sensor: FaceSensor,
        camera: CameraModel,
        stage: Stage,
        target: TargetFrame | None,
        settings: NodeSettings,
    ) -> None:
        """Create the publishers and publish the info; `stage` times each lazy topic.

        `target`: frame of markers and points, None for that of the images. Of the settings count
        those that cannot change while the node runs.

        Raises:
            TopicError: If a topic cannot be published; none is then.
        """
        self._node, self._prefix = topics.node, topics.output_prefix
        self._clock = topics.node.get_clock()
        self._model, self._topology = sensor.model, sensor.topology
        self._placement = ScenePlacement(camera, target)
        self._transforms = FaceTransforms()
        self.frame_id: str | None = None
        shown = shown_topics(sensor.topology, topics.logger, privacy_mode=settings.privacy_mode)
        with ExitStack() as undo:
            self._undo = undo
            self._landmarks = self._publisher(FaceMeshArray, 'landmarks', RESULTS)
            self._info = self._publisher(FaceMeshInfo, 'info', LATCHED)
            self._shown = LazyPublishers(shown, self._publisher, stage)
            self._tf = self._created(TFMessage, '/tf', TF) if settings.publish_tf else None
            self.publish_info()
            self._undo = undo.pop_all()

    def _publisher(self, msg_type: type, topic: str, qos: QoSProfile) -> Publisher:
        return self._created(msg_type, self._prefix + topic, qos)

    def _created(self, msg_type: type, topic: str, qos: QoSProfile) -> Publisher:
        publisher = create_publisher(self._node, msg_type, topic, qos)
        self._undo.callback(self._node.destroy_publisher, publisher)
        return publisher

    def destroy(self) -> None:
        """Destroy the publishers."""
        self._undo.close()

    def frame_finding(self) -> Finding | None:
        """Return why what is in metres is not seen, or not where it was asked for."""
        is_shown = self._shown.is_subscribed(*IN_SPACE)
        wrong_id = (
            frame_id_finding(self.frame_id) if is_shown or self._transforms.withheld else None
        )
        if wrong_id is None and is_shown and self._placement.problem:
            return Finding(self._placement.problem, TargetFrame, ONCE)
        return wrong_id

    def publish_info(self) -> None:
        """Publish which models run, and how; any thread may call it."""
        stamp = self._clock.now().to_msg()
        self._info.publish(info_msg(self._model, self._topology, Header(stamp=stamp)))

    def publish_landmarks(
        self, faces: Faces, frame: Frame, header: CdrHeader, counts: ImageCounts
    ) -> float:
        """Publish the faces of an image and return its age then, s; NaN if it is unknown."""
        latency_s = self.age_s(header)
        self._landmarks.publish(faces_cdr(faces, header, frame.image_wh, counts, latency_s))
        self._publish_transforms(faces, header)
        self.frame_id = header.frame_id
        return latency_s

    def _publish_transforms(self, faces: Faces, header: CdrHeader) -> None:
        if self._tf is None:
            return
        content = self._transforms.cdr(faces, header)
        if content is not None:
            self._tf.publish(content)

    def age_s(self, header: CdrHeader) -> float:
        """Return the time since an image's stamp, s; NaN if it has none or the clock is unset."""
        stamp_ns, now_ns = ns_from_stamp(header), self._now_ns()
        # With use_sim_time, the clock is zero until /clock is published.
        if not stamp_ns or not now_ns:
            return math.nan
        return float(now_ns - stamp_ns) / 1e9

    def _now_ns(self) -> int:
        """Return the time, without the `Time` that rclpy makes of it where it can be had."""
        handle = self._clock.handle
        if not hasattr(handle, 'get_now'):
            return int(self._clock.now().nanoseconds)
        with handle:
            return int(handle.get_now().nanoseconds)

    def publish_shown(
        self, faces: Faces, frame: Frame, header: CdrHeader, marker_style: str
    ) -> None:
        """Publish what shows the faces of an image, each topic only if it is subscribed to."""
        self._shown.publish(
            ImageResult(faces, frame, header, marker_style, self._topology, self._placement)
        )
