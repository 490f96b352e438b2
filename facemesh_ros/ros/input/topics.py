"""Names and types of one camera's topics."""

from __future__ import annotations

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from facemesh_ros.ros.qos import resolved

TRANSPORTS = {'raw': (Image, 'image_raw'), 'compressed': (CompressedImage, 'image_raw/compressed')}


def type_name(msg_type: type) -> str:
    """Return the ROS name of a message type, such as sensor_msgs/msg/Image."""
    return f'{msg_type.__module__.partition(".")[0]}/msg/{msg_type.__name__}'


class CameraTopics:
    """The topics of one camera of a node.

    Attributes:
        node: The node.
        image_msg_type: Message type of the images.
        image_type_name: Its ROS name.
        image_name: Name of the image topic before any remap.
        image_topic: Name of the image topic, resolved.
        transport: The parameter `image_transport`.
        info_topic: Topic of the camera_info.
        depth_topic: Topic of the registered depth images.
        output_prefix: Prefix of all topics that are published for this camera.
        display_name: Name of the stream in diagnostics.
        logger: A child of the node's logger, named after the camera if there are several.
    """

    def __init__(self, node: Node, camera: str, transport: str) -> None:
        """Resolve the names; `camera` is empty if the node has only one.

        Raises:
            TopicError: If the camera's name makes no valid topic.
        """
        self._prefix = f'{camera}/' if camera else ''
        self.node, self.transport = node, transport
        self.image_msg_type, _ = TRANSPORTS[transport]
        self.image_type_name = type_name(self.image_msg_type)
        self.image_name = self.image_name_of(transport)
        self.image_topic = resolved(node, self.image_name)
        self.info_topic = f'{self._prefix}camera_info'
        self.depth_topic = f'{self._prefix}depth/image_raw'
        self.output_prefix = f'~/{self._prefix}'
        self.display_name = '/'.join(filter(None, (node.get_fully_qualified_name(), camera)))
        logger = node.get_logger()
        self.logger = logger.get_child(camera) if camera else logger

    def image_name_of(self, transport: str) -> str:
        """Return the name, before any remap, of this camera's image topic in a transport."""
        _, topic = TRANSPORTS[transport]
        return self._prefix + topic
