"""Start of the viewer, which says what is missing on machines without ROS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from facemesh_ros.errors import FacemeshError
from facemesh_ros.ros.process.missing import explaining_missing_packages
from facemesh_ros.ros.process.signals import exit_on_signals


def view_topics(
    open_view: Callable[[], AbstractContextManager[Any]],
    topics: Sequence[str] = (),
    image_topic: str | None = None,
    ros_arguments: Sequence[str] = (),
) -> None:
    """Show what running nodes see, until a signal or until the viewer is closed.

    Args:
        open_view: Called once the process can end by a signal: a context manager of what has
            `show(SeenImage)` and `has_ended`, such as a `RerunView`.
        topics: Topics of faces; none for all that are published.
        image_topic: Of the images that they were found in; None to find them by ROS' graph.
        ros_arguments: ROS' own, from `--ros-args` on.

    Raises:
        FacemeshError: If ROS is not there, its arguments or environment, or the name of a topic
            are invalid, or by the viewer.
    """
    exit_on_signals()  # before the other imports, which take a second
    _require_numpy_2()
    with explaining_missing_packages():
        from facemesh_ros.ros.viewer.node import view_topics as run
    run(open_view, topics, image_topic, ros_arguments)


def _require_numpy_2() -> None:
    """Raise FacemeshError where Rerun, which needs numpy 2, would break the ROS installation."""
    if find_spec('rerun') is None and version('numpy').startswith('1.'):
        raise FacemeshError(
            'the viewer Rerun needs numpy 2, with which the messages of this ROS installation '
            "cannot be loaded. `./run shell -c 'facemesh view'` of a checkout, here or on a "
            'desktop, in a shell without this ROS, brings its own and finds the same topics; '
            'RViz and Foxglove show them too (docs/viewer.md)'
        )
