"""How the processes of this package run, and how they are told to end."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from facemesh_ros.errors import FacemeshError
from facemesh_ros.ros.process.shared_memory import remove_dead_segments, shortage
from facemesh_ros.ros.process.signals import TerminationSignals

_LOGGER = get_logger('facemesh')


def start_rclpy(args: list[str] | None = None) -> TerminationSignals:
    """Initialise rclpy, and return what ends the process.

    Raises:
        FacemeshError: If the ROS arguments or the environment do not let it.
    """
    signals = TerminationSignals()
    freed, short = remove_dead_segments(), shortage()
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:
        raise FacemeshError(f'ROS cannot start: {error}') from error
    if freed:
        _LOGGER.info(f'{freed / 1e6:.0f} MB of shared memory freed, left by killed processes')
    if short and 'fastrtps' in rclpy.get_rmw_implementation_identifier():
        _LOGGER.warning(short)
    return signals


def spin_until_signal(node: Node, signals: TerminationSignals) -> None:
    """Let a node work until a signal comes or the node shuts its context down."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    told = Future()

    def pass_on() -> None:
        signals.wait()
        told.set_result(None)

    waiting = Thread(target=pass_on, name='signals', daemon=True)
    waiting.start()
    try:
        with suppress(ExternalShutdownException):
            executor.spin_until_future_complete(told)
    finally:
        signals.pretend()
        waiting.join()
        executor.shutdown()
