"""Which topics of faces there are, and which images the faces were found in, by ROS' graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from rclpy.node import Node, NodeNameNonExistentError
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from facemesh_ros.io.recordings.camera_topics import base_of, beside
from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.diagnostics.topic_graph import UNKNOWN_NODE
from facemesh_ros.ros.input.topics import type_name

FACES = type_name(FaceMeshArray)
# Compressed ones first: a node that reads them reads raw images only for their depth.
IMAGES = {type_name(kind): kind for kind in (CompressedImage, Image)}
CAMERA_INFO = type_name(CameraInfo)

# As rclpy lists them: names, and the types of each.
Topics = Iterable[tuple[str, list[str]]]


@dataclass(frozen=True, slots=True)
class ImageTopics:
    """The images of one camera.

    Attributes:
        image: Their topic.
        image_type: Image or CompressedImage.
        info: Topic of their camera_info; None if there is none.
    """

    image: str
    image_type: type
    info: str | None


def faces_topics(node: Node) -> list[str]:
    """Return the topics of faces that somebody publishes."""
    return sorted(
        name
        for name, types in node.get_topic_names_and_types()
        if FACES in types and node.count_publishers(name)
    )


def named_images(node: Node, image_topic: str) -> ImageTopics | None:
    """Return the images of a topic that the user named; None while nobody publishes them."""
    topics = _published(node)
    kinds = [kind for kind in dict(topics).get(image_topic, ()) if kind in IMAGES]
    if not kinds:
        return None
    return ImageTopics(image_topic, IMAGES[kinds[0]], _info_beside(image_topic, topics))


def images_of(node: Node, faces_topic: str) -> ImageTopics | None:
    """Return the images in which faces are found, None if they are not known.

    They are those that the publisher of the faces reads itself, or, of a recording that is
    played, those that it publishes beside them.
    """
    for publisher in node.get_publishers_info_by_topic(faces_topic):
        of_node = publisher.node_name, publisher.node_namespace
        if UNKNOWN_NODE in of_node:  # discovered before its node was
            continue
        try:
            read = node.get_subscriber_names_and_types_by_node(*of_node)
            published = node.get_publisher_names_and_types_by_node(*of_node)
        except NodeNameNonExistentError:  # gone meanwhile
            continue
        for topics in read, published:
            image = _image_in(topics, faces_topic)
            if image is not None:
                name, image_type = image
                info = _info_beside(name, [*topics, *_published(node)])
                return ImageTopics(name, image_type, info)
    return None


def _image_in(topics: Topics, faces_topic: str) -> tuple[str, type] | None:
    """Return the images that faces are likest to be of: not depth, and not what shows them."""
    shown = faces_topic.rpartition('/')[0] + '/'

    def likelihood(name: str) -> tuple[int, tuple[int, float]]:
        # Also cameras of colour have "depth" in their name, but not as often as their depth.
        return -name.lower().count('depth'), _likeness(name, faces_topic)

    for kind, image_type in IMAGES.items():
        names = [it for it, types in topics if kind in types and not it.startswith(shown)]
        if names:
            return max(names, key=likelihood), image_type
    return None


def _likeness(name: str, other: str) -> tuple[int, float]:
    """Return how much two topics have in common: ~/front/landmarks is of front/image_raw."""
    parts = {part for part in other.rpartition('/')[0].split('/') if part}
    return len(parts.intersection(name.split('/'))), SequenceMatcher(None, name, other).ratio()


def _info_beside(image_topic: str, topics: Topics) -> str | None:
    infos = {name for name, types in topics if CAMERA_INFO in types}
    usual = beside(image_topic, 'camera_info')
    if usual in infos:
        return usual
    image = base_of(image_topic)
    return max(infos, key=lambda name: _likeness(name, image), default=None)


def _published(node: Node) -> list[tuple[str, list[str]]]:
    return [it for it in node.get_topic_names_and_types() if node.count_publishers(it[0])]
