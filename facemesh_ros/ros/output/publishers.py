"""The publishers of one camera's faces."""

from __future__ import annotations

import math
from contextlib import ExitStack

from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.msg import FaceMeshArray, FaceMeshInfo
from facemesh_ros.pipeline.components import Stage
from facemesh_ros.ros.diagnostics.finding import ONCE, Finding
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.diagnostics.image_headers import frame_id_finding, tf2_takes
from facemesh_ros.ros.input.camera_info import CameraModel
from facemesh_ros.ros.input.image_conversion import msg_from_bgr, ns_from_stamp
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.output.markers import FaceMarkers
from facemesh_ros.ros.output.messages import array_msg_from_faces, info_msg
from facemesh_ros.ros.output.point_cloud import points_msg
from facemesh_ros.ros.output.scene import SceneFaces, assumed_scene, measured_scene
from facemesh_ros.ros.output.target_frame import TargetFrame, TargetFrameError
from facemesh_ros.ros.output.transforms import transforms_from_faces
from facemesh_ros.ros.qos import LATCHED, RELIABLE, SENSOR_DATA, TF, create_publisher
from facemesh_ros.types import Faces, Frame
from facemesh_ros.viz.drawing import draw_faces


class Publishers:
    """Publishes the landmarks of every image, visualisation only while it is subscribed to.

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
        *,
        publish_tf: bool,
    ) -> None:
        """Create the publishers and publish the info; `stage` times each visualisation.

        `target`: frame of the visualisation, None for that of the images; `publish_tf`: whether
        faces have frames.

        Raises:
            TopicError: If a topic cannot be published; none is then.
        """
        self._node, self._prefix = topics.node, topics.output_prefix
        self._camera, self._stage, self._target = camera, stage, target
        self._model, self._topology = sensor.model, sensor.topology
        self._face_markers = FaceMarkers(sensor.topology)
        self._tf_stamp_ns, self._tf_withheld, self._target_problem = 0, False, ''
        self.frame_id: str | None = None
        with ExitStack() as undo:
            self._undo = undo
            self._landmarks = self._publisher(FaceMeshArray, 'landmarks', RELIABLE)
            self._info = self._publisher(FaceMeshInfo, 'info', LATCHED)
            self._markers = self._publisher(MarkerArray, 'markers', RELIABLE)
            self._points = self._publisher(PointCloud2, 'points', RELIABLE)
            self._debug_image = self._publisher(Image, 'debug_image', SENSOR_DATA)
            self._tf = self._created(TFMessage, '/tf', TF) if publish_tf else None
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
        outputs = self._markers, self._points
        is_shown = any(publisher.get_subscription_count() for publisher in outputs)
        wrong_id = frame_id_finding(self.frame_id) if is_shown or self._tf_withheld else None
        if wrong_id is None and is_shown and self._target_problem:
            return Finding(self._target_problem, TargetFrame, ONCE)
        return wrong_id

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
        self._publish_transforms(faces, msg)
        self.frame_id = header.frame_id
        return latency_s

    def _publish_transforms(self, faces: Faces, msg: FaceMeshArray) -> None:
        if self._tf is None:
            return
        header, transforms = msg.header, transforms_from_faces(faces, msg)
        self._tf_withheld = bool(transforms) and not tf2_takes(header.frame_id)
        # tf2 complains of a transform that comes twice, and has no use for one without a time.
        stamp_ns, before_ns = ns_from_stamp(header), self._tf_stamp_ns
        if transforms and not self._tf_withheld and stamp_ns not in (0, before_ns):
            self._tf_stamp_ns = stamp_ns
            self._tf.publish(TFMessage(transforms=transforms))

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
        wants_markers, wants_points = (
            publisher.get_subscription_count() > 0 for publisher in (self._markers, self._points)
        )
        if (wants_markers or wants_points) and (scene := self._scene(faces, frame, header)):
            shown, its_header = scene
            if wants_markers:
                with self._stage('markers'):
                    markers = self._face_markers.serialised(shown, style, its_header)
                    self._markers.publish(markers)
            if wants_points:
                with self._stage('points'):
                    self._points.publish(points_msg(shown, its_header))
        if self._debug_image.get_subscription_count():
            with self._stage('debug image'):
                image = draw_faces(frame, faces, self._topology)
                self._debug_image.publish(msg_from_bgr(image, header))

    def _scene(
        self, faces: Faces, frame: Frame, header: Header
    ) -> tuple[SceneFaces, Header] | None:
        """Return the faces to be shown and the header of their frame; None if they have no place.

        That is the camera's own frame while there is no way from it to the target frame.
        """
        if frame.camera is not None:
            scene = measured_scene(faces)
        elif (assumed := self._camera.intrinsics()) is not None:
            scene = assumed_scene(faces, assumed)
        else:
            return None
        if self._target is None:
            return scene, header
        try:
            transform = self._target.transform_from(header)
        except TargetFrameError as error:
            self._target_problem = str(error)
            return scene, header
        self._target_problem = ''
        return scene.moved(transform), Header(stamp=header.stamp, frame_id=self._target.frame_id)
