"""Checks whether /clock runs, if the node uses simulated time."""

from __future__ import annotations

from rclpy.node import Node

from facemesh_ros.ros.diagnostics.finding import Finding
from facemesh_ros.ros.diagnostics.topic_graph import names_of

CLOCK_TOPIC = '/clock'
# Reports until publishers are discovered.
MIN_REPORTS = 3
LOG_PERIOD_S = 60.0


class SimTime:
    """Finds that `use_sim_time` is set and no time arrives on /clock."""

    def __init__(self, node: Node) -> None:
        self._node, self._reports = node, 0

    def __call__(self) -> Finding | None:
        """Return why the clock does not run."""
        clock = self._node.get_clock()
        if not clock.ros_time_is_active:
            self._reports = 0
            return None
        publishers = self._node.get_publishers_info_by_topic(CLOCK_TOPIC)
        if publishers and clock.now().nanoseconds:
            self._reports = 0
            return None
        self._reports += 1
        if self._reports < MIN_REPORTS:
            return None
        if publishers:
            text = (
                f'use_sim_time is set, but {names_of(publishers)} has sent no time on /clock yet'
            )
        else:
            text = (
                'use_sim_time is set, but no node publishes /clock: start the simulator, play the '
                'bag with --clock, or set use_sim_time to false'
            )
        return Finding(text, 'clock', LOG_PERIOD_S)
