"""Faces to the messages of this package, of rclpy's classes."""

from __future__ import annotations

from importlib import import_module

from facemesh_ros.messages.face_messages import FaceMessages
from facemesh_ros.messages.message_classes import MessageClasses


def _class_of(name: str) -> type:
    package, _, bare = name.split('/')
    found: type = getattr(import_module(f'{package}.msg'), bare)
    return found


ROS_CLASSES = MessageClasses(_class_of)
_MESSAGES = FaceMessages(ROS_CLASSES)
array_msg_from_faces, info_msg = _MESSAGES.array, _MESSAGES.info
