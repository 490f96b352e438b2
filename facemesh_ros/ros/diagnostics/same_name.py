"""Checks whether another node has the name of this one."""

from __future__ import annotations

from rclpy.node import Node

from facemesh_ros.ros.diagnostics.finding import Finding

# Reports for which both exist before it is a finding. One that was killed before this one started
# announces itself to nobody, so it is not seen.
MIN_REPORTS = 2
LOG_PERIOD_S = 60.0


class SameName:
    """Finds other nodes of this node's name, whose results and services get mixed up with its."""

    def __init__(self, node: Node) -> None:
        self._node, self._reports = node, 0

    def __call__(self) -> Finding | None:
        """Return that there are several, and what to do."""
        own = self._node.get_fully_qualified_name()
        names = self._node.get_node_names_and_namespaces()
        count = sum(f'{space.rstrip("/")}/{name}' == own for name, space in names)
        self._reports = self._reports + 1 if count > 1 else 0
        if self._reports < MIN_REPORTS:
            return None
        text = (
            f'{count} nodes are named {own}: their faces come mixed on the same topics, and a '
            'service call reaches any of them; stop one, or give it another name '
            '(--ros-args -r __node:=NAME; node_name:=NAME of the launch file)'
        )
        return Finding(text, 'same name', LOG_PERIOD_S)
