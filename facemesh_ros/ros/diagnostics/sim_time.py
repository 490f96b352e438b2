"""Checks whether /clock runs, if the node uses simulated time."""

from __future__ import annotations

from rclpy.node import Node

from facemesh_ros.ros.diagnostics.finding import Finding
from facemesh_ros.ros.diagnostics.topic_graph import names_of

CLOCK_TOPIC = '/clock'
# Reports until publishers are discovered, or until a clock that stands still has stopped.
MIN_REPORTS = 3
LOG_PERIOD_S = 60.0


class SimTime:
    """Finds that `use_sim_time` is set and the time on /clock does not run."""

    def __init__(self, node: Node) -> None:
        self._node, self._reports, self._now_ns = node, 0, 0

    def __call__(self) -> Finding | None:
        """Return why the clock does not run."""
        clock = self._node.get_clock()
        before_ns, self._now_ns = self._now_ns, clock.now().nanoseconds
        runs = self._now_ns not in (0, before_ns)
        if not clock.ros_time_is_active or runs:
            self._reports = 0
            return None
        self._reports += 1
        if self._reports < MIN_REPORTS:
            return None
        publishers = self._node.get_publishers_info_by_topic(CLOCK_TOPIC)
        if not publishers:
            text = (
                'use_sim_time is set, but no node publishes /clock: start the simulator, play the '
                'bag with --clock, or set use_sim_time to false'
            )
        elif self._now_ns:
            text = (
                f'the time on /clock, which {names_of(publishers)} publishes, stands still: is '
                'the simulator or the bag paused?'
            )
        else:
            text = (
                f'use_sim_time is set, but {names_of(publishers)} has sent no time on /clock yet'
            )
        return Finding(text, 'clock', LOG_PERIOD_S)
