"""What is published of faces, as a subscriber gets it."""

from __future__ import annotations

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from facemesh_ros.messages.face_messages import Counts, faces_cdr
from facemesh_ros.messages.markers import MarkerMessages
from facemesh_ros.messages.point_cloud import points_cdr
from facemesh_ros.messages.scene import SceneFaces
from facemesh_ros.messages.transforms import FaceTransforms
from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.types import Faces


def faces_msg(
    faces: Faces, header: Header, image_wh: tuple[int, int], counts: Counts | None = None
) -> FaceMeshArray:
    return deserialize_message(
        faces_cdr(faces, header, image_wh, counts or ImageCounts()), FaceMeshArray
    )


def transforms_msg(transforms: FaceTransforms, faces: Faces, header: Header) -> TFMessage | None:
    cdr = transforms.cdr(faces, header)
    return None if cdr is None else deserialize_message(cdr, TFMessage)


def markers_msg(
    markers: MarkerMessages, scene: SceneFaces, style: str, header: Header
) -> MarkerArray:
    return deserialize_message(markers.cdr(scene, style, header), MarkerArray)


def points_msg(scene: SceneFaces, header: Header) -> PointCloud2:
    return deserialize_message(points_cdr(scene, header), PointCloud2)
