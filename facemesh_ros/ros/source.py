"""Where the images of a stream come from, and how everything around them is called."""

from __future__ import annotations

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from facemesh_ros.ros.qos import resolved

TRANSPORTS = {'raw': (Image, 'image_raw'), 'compressed': (CompressedImage, 'image_raw/compressed')}


class Source:
    """One camera of a node.

    Attributes:
        node: Whose camera it is.
        image_kind: Message type of its images.
        image_topic: Their topic, resolved.
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
        self.image_kind, topic = TRANSPORTS[transport]
        self.image_topic = resolved(node, inputs + topic)
        self.info_topic = f'{inputs}camera_info'
        self.outputs = f'~/{inputs}'
        self.name = '/'.join(part for part in (node.get_fully_qualified_name(), camera) if part)
        logger = node.get_logger()
        self.logger = logger.get_child(camera) if camera else logger
