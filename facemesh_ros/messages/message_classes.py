"""The message classes that faces are built of: ROS' own in the node, others without ROS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

MESSAGE_TYPES = (
    'std_msgs/msg/Header',
    *(
        f'geometry_msgs/msg/{name}'
        for name in ('Point', 'Pose', 'PoseWithCovariance', 'Quaternion')
    ),
    *(f'facemesh_ros/msg/{name}' for name in ('FaceMesh', 'FaceMeshArray', 'FaceMeshInfo')),
)


class MessageClasses(SimpleNamespace):
    """Message classes by their bare names: `classes.Point(x=1.0)`.

    Each takes its fields by name and has defaults for the others, as rclpy's generated classes.
    """

    def __init__(
        self, class_of: Callable[[str], type], types: Iterable[str] = MESSAGE_TYPES
    ) -> None:
        """Take the classes; `class_of` returns that of a name such as `std_msgs/msg/Header`."""
        super().__init__(**{name.rpartition('/')[2]: class_of(name) for name in types})

    def __getattr__(self, name: str) -> Any:  # only for what is not there
        raise AttributeError(f'there is no class {name} among these')
