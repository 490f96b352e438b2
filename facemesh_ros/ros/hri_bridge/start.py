"""Start of the bridge, which says what is missing on machines without ROS or hri_msgs."""

from __future__ import annotations

import sys

from facemesh_ros.ros.process.missing import MissingPackageError, explaining_missing_packages
from facemesh_ros.ros.process.signals import exit_on_signals


def main(args: list[str] | None = None) -> int:
    """Run the bridge until a signal; 1 if it cannot start."""
    exit_on_signals()  # before the other imports, which take a second
    try:
        with explaining_missing_packages():
            from facemesh_ros.ros.hri_bridge.node import main as run
    except MissingPackageError as error:
        print(f'hri_bridge: {error}', file=sys.stderr)
        return 1
    return run(args)
