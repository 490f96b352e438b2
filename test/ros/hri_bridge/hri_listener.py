"""A consumer of ROS4HRI, subscribed as libhri 2.3 and its binding pyhri are.

`HRIListener` subscribes to /humans/faces/tracked, and `Face` to the topics of each id on it while
it is there, all with rclcpp's SystemDefaultsQoS, which is best effort and volatile with Fast DDS.
What a face has told is forgotten when its id leaves the list.

Source: ros4hri/libhri, `hri/src/hri/hri.cpp`, `hri/src/hri/face.cpp`.
"""

from __future__ import annotations

from typing import Any

from hri_msgs.msg import (
    FacialActionUnits,
    FacialLandmarks,
    IdsList,
    NormalizedRegionOfInterest2D,
)
from rclpy.node import Node
from rclpy.qos import qos_profile_system_default
from sensor_msgs.msg import Image

TOPICS = {
    'roi': NormalizedRegionOfInterest2D,
    'cropped': Image,
    'aligned': Image,
    'landmarks': FacialLandmarks,
    'facs': FacialActionUnits,
}


class Face:
    """The newest message of each topic of a face."""

    def __init__(self, node: Node, face_id: str, topics: tuple[str, ...]) -> None:
        self.messages: dict[str, Any] = {}
        self._node = node
        self._subscriptions = [
            node.create_subscription(
                TOPICS[name],
                f'/humans/faces/{face_id}/{name}',
                lambda msg, name=name: self.messages.update({name: msg}),
                qos_profile_system_default,
            )
            for name in topics
        ]

    def forget(self) -> None:
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)


class HriListener:
    """The faces that are tracked now, by id; which lists came, and which ids were ever on them."""

    def __init__(self, node: Node, topics: tuple[str, ...] = tuple(TOPICS)) -> None:
        self.faces: dict[str, Face] = {}
        self.seen: list[str] = []
        self.lists: list[IdsList] = []
        self._node, self._topics = node, topics
        node.create_subscription(
            IdsList, '/humans/faces/tracked', self._on_tracked, qos_profile_system_default
        )

    def _on_tracked(self, msg: IdsList) -> None:
        self.lists.append(msg)
        for gone in self.faces.keys() - set(msg.ids):
            self.faces.pop(gone).forget()
        for new in set(msg.ids) - self.faces.keys():
            self.faces[new] = Face(self._node, new, self._topics)
            self.seen.append(new)
