"""Faces to the messages of this package, of rclpy's classes."""

from __future__ import annotations

from importlib import import_module

from facemesh_ros.messages.face_messages import FaceMessages
from facemesh_ros.messages.message_classes import MessageClasses


def class_of(name: str) -> type:
    """Return the class of a name such as `std_msgs/msg/Header`; ImportError if it is missing."""
    package, _, bare = name.split('/')
    found: type = getattr(import_module(f'{package}.msg'), bare)
    return found


ROS_CLASSES = MessageClasses(class_of)
_MESSAGES = FaceMessages(ROS_CLASSES)
array_msg_from_faces, info_msg = _MESSAGES.array, _MESSAGES.info
