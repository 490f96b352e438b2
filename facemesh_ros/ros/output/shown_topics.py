"""Which topics show faces besides `~/landmarks`: one entry each."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.type_support import check_for_type_support
from sensor_msgs.msg import CompressedImage, Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from facemesh_ros.errors import in_one_line
from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.messages.markers import MarkerMessages
from facemesh_ros.messages.point_cloud import points_cdr
from facemesh_ros.ros.output.debug_image import compressed_msg, raw_msg
from facemesh_ros.ros.output.image_result import ImageResult
from facemesh_ros.ros.output.lazy_topics import LazyTopic
from facemesh_ros.ros.qos import RESULTS, SENSOR_DATA

# Those that are in frames of tf2.
IN_SPACE = ('markers', 'points')
# Topics whose message packages need not be installed: their modules import them, and have a
# function `lazy_topic(topology)`.
OPTIONAL = (
    ('detections', 'vision_msgs', 'facemesh_ros.ros.output.detections'),
    ('annotations', 'foxglove_msgs', 'facemesh_ros.ros.output.annotations'),
)


def shown_topics(
    topology: FaceTopology, log: RcutilsLogger, *, privacy_mode: bool
) -> list[LazyTopic]:
    """Return the topics of one camera.

    Args:
        topology: Of the landmarks.
        log: Told which ones are left out because their message package cannot be used, and why.
        privacy_mode: Whether to leave out those that show pixels of the camera.
    """
    topics = [*_always(topology), *_optional(topology, log)]
    return [topic for topic in topics if not (privacy_mode and topic.shows_pixels)]


def _always(topology: FaceTopology) -> Iterator[LazyTopic]:
    markers = MarkerMessages(topology)

    def marker_content(result: ImageResult) -> bytes | None:
        if result.scene is None:
            return None
        scene, header = result.scene
        return markers.cdr(scene, result.marker_style, header)

    def cloud(result: ImageResult) -> bytes | None:
        return None if result.scene is None else points_cdr(*result.scene)

    yield LazyTopic('markers', MarkerArray, RESULTS, marker_content)
    yield LazyTopic('points', PointCloud2, RESULTS, cloud)
    yield LazyTopic('debug_image', Image, SENSOR_DATA, raw_msg, shows_pixels=True)
    yield LazyTopic(
        'debug_image/compressed', CompressedImage, SENSOR_DATA, compressed_msg, shows_pixels=True
    )


def _optional(topology: FaceTopology, log: RcutilsLogger) -> Iterator[LazyTopic]:
    for name, package, module in OPTIONAL:
        try:
            topic = import_module(module).lazy_topic(topology)
            check_for_type_support(topic.msg_type)
        # Whatever a package raises that is missing, too old, or built for another Python.
        except Exception as error:
            log.debug(f'no topic ~/{name}: {package} cannot be used ({in_one_line(error)})')
        else:
            yield topic
