"""A node that does nothing but answer its services: what the machine itself makes them take."""

from __future__ import annotations

import sys

import rclpy

from facemesh_ros.ros.process.spin import spin_until_signal, start_rclpy


def main() -> None:
    """Run until a signal."""
    signals = start_rclpy()
    spin_until_signal(rclpy.create_node(sys.argv[1]), signals)
    rclpy.try_shutdown()


if __name__ == '__main__':
    main()
