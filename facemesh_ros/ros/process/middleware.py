"""Which middleware this process runs on; what differs between them is in docs/middleware.md."""

from __future__ import annotations

import rclpy


def middleware() -> str:
    """Return the identifier of the RMW implementation, such as rmw_fastrtps_cpp."""
    return str(rclpy.get_rmw_implementation_identifier())


def is_fast_dds() -> bool:
    """Whether it is Fast DDS: its shared memory, its profiles."""
    return 'fastrtps' in middleware()


def is_zenoh() -> bool:
    """Whether it is Zenoh, which is no DDS: nodes find each other through a router."""
    return 'zenoh' in middleware()


def is_cyclone_dds() -> bool:
    """Whether it is Cyclone DDS, which sends over UDP, or through iceoryx if that is set up."""
    return 'cyclonedds' in middleware()
