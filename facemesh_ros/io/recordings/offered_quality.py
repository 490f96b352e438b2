"""The quality of service that a topic was published with, as rosbag2 records it.

`ros2 bag play` publishes with it again; without it a latched topic would reach nobody who asks for
what was latched.

Source: rosbag2_storage's qos.cpp, whose numbers all releases read; the enumerations of rmw.
"""

from __future__ import annotations

OFFERED = 'offered_qos_profiles'
_ENDLESS = 'sec: 9223372036\n    nsec: 854775807'
_TRANSIENT_LOCAL, _VOLATILE = 1, 2


def offered_quality(depth: int, *, latched: bool = False) -> dict[str, str]:
    """Return the metadata of a topic that is published reliably, the last `depth` messages."""
    durability = _TRANSIENT_LOCAL if latched else _VOLATILE
    profile = f"""\
- history: 1
  depth: {depth}
  reliability: 1
  durability: {durability}
  deadline:
    {_ENDLESS}
  lifespan:
    {_ENDLESS}
  liveliness: 1
  liveliness_lease_duration:
    {_ENDLESS}
  avoid_ros_namespace_conventions: false"""
    return {OFFERED: profile}
