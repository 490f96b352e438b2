"""The newest faces while they are new: no message comes while a node is inactive or gone."""

from __future__ import annotations

import math
from typing import Any

from facemesh_ros.consumer.views import FaceMeshArray

NS_PER_S = 1_000_000_000


def age_s(header: Any, now_ns: int) -> float:
    """Return how long ago an image was taken, s; NaN if its stamp is zero.

    Args:
        header: A std_msgs/Header.
        now_ns: By the clock of the stamps: `node.get_clock().now().nanoseconds`, which follows
            use_sim_time.
    """
    stamp_ns = header.stamp.sec * NS_PER_S + header.stamp.nanosec
    return (now_ns - stamp_ns) / NS_PER_S if stamp_ns else math.nan


class LatestFaces:
    """The newest FaceMeshArray, to be given to a subscription as its callback.

    Example:
        >>> faces = LatestFaces()
        >>> faces.at(now_ns=0) is None  # nothing has come yet
        True
    """

    def __init__(self) -> None:
        self._newest: FaceMeshArray | None = None

    def __call__(self, msg: FaceMeshArray) -> None:
        """Take a message."""
        self._newest = msg

    def at(self, now_ns: int, max_age_s: float = 0.5) -> FaceMeshArray | None:
        """Return the newest message, None where nothing is known of now.

        That is: nothing has come, what came is older than `max_age_s`, its stamp is zero, or it is
        from the future by as much (two clocks that disagree tell no ages).

        Args:
            now_ns: As in `age_s`.
            max_age_s: From image to now, the node's own latency included.
        """
        if self._newest is None or not abs(age_s(self._newest.header, now_ns)) <= max_age_s:
            return None
        return self._newest
