"""The publishers of one camera's faces."""

from __future__ import annotations

import math
from contextlib import ExitStack

from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.geometry.camera import points_by_weak_perspective
from facemesh_ros.msg import FaceMeshArray, FaceMeshInfo
from facemesh_ros.pipeline.components import Stage
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.input.camera_info import CameraModel
from facemesh_ros.ros.input.image_conversion import msg_from_bgr, ns_from_stamp
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.output.markers import FaceMarkers
from facemesh_ros.ros.output.messages import array_msg_from_faces, info_msg
from facemesh_ros.ros.output.point_cloud import points_msg
from facemesh_ros.ros.qos import LATCHED, RELIABLE, SENSOR_DATA, create_publisher
from facemesh_ros.types import Faces, Float32, Frame
from facemesh_ros.viz.drawing import draw_faces


class Publishers:
    """Publishes the landmarks of every image, visualisation only while it is subscribed to.

    Attributes:
        frame_id: Of the last image; None before the first.
    """

    def __init__(
        self, topics: CameraTopics, sensor: FaceSensor, camera: CameraModel, stage: Stage
    ) -> None:
        """Create the publishers and publish the info; `stage` times each visualisation.

        Raises:
            TopicError: If a topic cannot be published; none is then.
        """
        self._node, self._prefix = topics.node, topics.output_prefix
        self._camera, self._stage = camera, stage
        self._model, self._topology = sensor.model, sensor.topology
        self._face_markers = FaceMarkers(sensor.topology)
        self.frame_id: str | None = None
        with ExitStack() as undo:
            self._undo = undo
            self._landmarks = self._publisher(FaceMeshArray, 'landmarks', RELIABLE)
            self._info = self._publisher(FaceMeshInfo, 'info', LATCHED)
            self._markers = self._publisher(MarkerArray, 'markers', RELIABLE)
            self._points = self._publisher(PointCloud2, 'points', RELIABLE)
            self._debug_image = self._publisher(Image, 'debug_image', SENSOR_DATA)
            self.publish_info()
            self._undo = undo.pop_all()

    def _publisher(self, msg_type: type, topic: str, qos: QoSProfile) -> Publisher:
        publisher = create_publisher(self._node, msg_type, self._prefix + topic, qos)
        self._undo.callback(self._node.destroy_publisher, publisher)
        return publisher

    def destroy(self) -> None:
        """Destroy the publishers."""
        self._undo.close()

    @property
    def frame_id_in_3d(self) -> str | None:
        """The frame_id of the last image while markers or points are subscribed to, else None."""
        outputs = self._markers, self._points
        used = any(publisher.get_subscription_count() for publisher in outputs)
        return self.frame_id if used else None

    def publish_info(self) -> None:
        """Publish which models run, and how; any thread may call it."""
        stamp = self._node.get_clock().now().to_msg()
        self._info.publish(info_msg(self._model, self._topology, Header(stamp=stamp)))

    def publish_landmarks(
        self, faces: Faces, frame: Frame, header: Header, counts: ImageCounts
    ) -> float:
        """Publish the faces of an image and return its latency in s, NaN if unknown."""
        msg = array_msg_from_faces(faces, header, frame.image_wh, counts)
        msg.latency = latency_s = self.age_s(header)
        self._landmarks.publish(msg)
        self.frame_id = header.frame_id
        return latency_s

    def age_s(self, header: Header) -> float:
        """Return the time since an image's stamp, s; NaN if it has none or the clock is unset."""
        stamp_ns, now_ns = ns_from_stamp(header), self._node.get_clock().now().nanoseconds
        # With use_sim_time, the clock is zero until /clock is published.
        if not stamp_ns or not now_ns:
            return math.nan
        return float(now_ns - stamp_ns) / 1e9

    def publish_visualisation(
        self, faces: Faces, frame: Frame, header: Header, style: str
    ) -> None:
        """Publish markers, points and the annotated image, each only if it is subscribed to."""
        self._camera.set_image_size(frame.image_wh)
        if self._markers.get_subscription_count():
            with self._stage('markers'):
                if (points_m := self._points_m(faces)) is not None:
                    markers = self._face_markers.serialised(faces, points_m, style, header)
                    self._markers.publish(markers)
        if self._points.get_subscription_count():
            with self._stage('points'):
                if (points_m := self._points_m(faces)) is not None:
                    self._points.publish(points_msg(faces, points_m, header))
        if self._debug_image.get_subscription_count():
            with self._stage('debug image'):
                image = draw_faces(frame, faces, self._topology)
                self._debug_image.publish(msg_from_bgr(image, header))

    def _points_m(self, faces: Faces) -> Float32 | None:
        camera = self._camera.intrinsics()
        return None if camera is None else points_by_weak_perspective(faces.landmarks, camera)
