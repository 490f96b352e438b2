"""Whether the node's clock runs."""

from __future__ import annotations

from rclpy.node import Node

from facemesh_ros.ros.diagnostics.finding import Finding
from facemesh_ros.ros.diagnostics.topic_graph import names_of

CLOCK_TOPIC = '/clock'
# Reports until publishers are discovered.
PATIENCE = 3
LOG_PERIOD_S = 60.0


class SimTime:
    """Finds that the node goes by a simulated time that nobody tells."""

    def __init__(self, node: Node) -> None:
        """Take whose clock it is."""
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
        if self._reports < PATIENCE:
            return None
        if publishers:
            text = (
                f'use_sim_time is set, but {names_of(publishers)} has sent no time on /clock yet'
            )
        else:
            text = (
                'use_sim_time is set, but nobody publishes /clock: start the simulator, play the '
                'bag with --clock, or set use_sim_time to false'
            )
        return Finding(text, 'clock', LOG_PERIOD_S)
