"""Where the images of a stream come from, and how everything around them is called."""

from __future__ import annotations

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from facemesh_ros.ros.qos import resolved

TRANSPORTS = {'raw': (Image, 'image_raw'), 'compressed': (CompressedImage, 'image_raw/compressed')}


def type_name(kind: type) -> str:
    """Return how ROS calls a message type: sensor_msgs/msg/Image."""
    return f'{kind.__module__.partition(".")[0]}/msg/{kind.__name__}'


class CameraTopics:
    """One camera of a node.

    Attributes:
        node: Whose camera it is.
        image_kind: Message type of its images.
        image_type: Its name, as ROS says it.
        image_name: The name of their topic that a remap begins with.
        image_topic: Their topic, resolved.
        transport: The `image_transport`.
        info_topic: The topic of its calibration.
        outputs: What the names of all topics that come of it begin with.
        name: Of the stream, for people.
        logger: Says which camera it speaks of.
    """

    def __init__(self, node: Node, camera: str, transport: str) -> None:
        """Take the camera's name, empty for the only one, and the `image_transport`.

        Raises:
            TopicError: If the name makes no topic.
        """
        inputs = f'{camera}/' if camera else ''
        self.node = node
        self.transport, self._inputs = transport, inputs
        self.image_kind, _ = TRANSPORTS[transport]
        self.image_type = type_name(self.image_kind)
        self.image_name = self.name_with(transport)
        self.image_topic = resolved(node, self.image_name)
        self.info_topic = f'{inputs}camera_info'
        self.outputs = f'~/{inputs}'
        self.name = '/'.join(part for part in (node.get_fully_qualified_name(), camera) if part)
        logger = node.get_logger()
        self.logger = logger.get_child(camera) if camera else logger

    def name_with(self, transport: str) -> str:
        """Return the name, before any remap, of the topic of its images in a transport."""
        _, topic = TRANSPORTS[transport]
        return self._inputs + topic
