"""The message that describes a model, and other messages of rclpy's classes."""

from __future__ import annotations

from functools import partial
from importlib import import_module

from facemesh_ros.messages.info_message import info_msg as info_msg_of_classes
from facemesh_ros.messages.message_classes import MessageClasses


def class_of(name: str) -> type:
    """Return the class of a name such as `std_msgs/msg/Header`; ImportError if it is missing."""
    package, _, bare = name.split('/')
    found: type = getattr(import_module(f'{package}.msg'), bare)
    return found


ROS_CLASSES = MessageClasses(class_of)
info_msg = partial(info_msg_of_classes, ROS_CLASSES)
