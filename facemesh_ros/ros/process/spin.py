"""How the processes of this package start rclpy, and spin until a signal ends them."""

from __future__ import annotations

import sys
from contextlib import suppress
from threading import Thread

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from facemesh_ros.ros.parameter_files import explained
from facemesh_ros.ros.process.log_folder import WITHOUT_FILES, why_not_writable
from facemesh_ros.ros.process.middleware import is_fast_dds
from facemesh_ros.ros.process.shared_memory import remove_dead_segments, shortage
from facemesh_ros.ros.process.signals import TerminationSignals

_LOGGER = get_logger('facemesh')


def start_rclpy(args: list[str] | None = None) -> TerminationSignals:
    """Initialise rclpy, and return the signals that end the process.

    Raises:
        FacemeshError: If ROS arguments or environment are invalid.
    """
    signals = TerminationSignals()
    freed, short = (remove_dead_segments(), shortage()) if is_fast_dds() else (0, '')
    arguments = list(sys.argv if args is None else args)
    no_log_files = why_not_writable()
    try:
        rclpy.init(
            args=[*arguments, *(WITHOUT_FILES if no_log_files else ())],
            signal_handler_options=SignalHandlerOptions.NO,
        )
    except RuntimeError as error:
        raise explained(error, arguments) from error
    if no_log_files:
        _LOGGER.warning(no_log_files)
    if freed:
        _LOGGER.info(f'{freed / 1e6:.0f} MB of shared memory freed, left by killed processes')
    if short:
        _LOGGER.warning(short)
    return signals


def spin_until_signal(node: Node, signals: TerminationSignals) -> None:
    """Spin a node until a signal arrives or the node's context is shut down."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    ended = Future()

    def wait_for_signal() -> None:
        signals.wait()
        ended.set_result(None)

    waiting = Thread(target=wait_for_signal, name='signals', daemon=True)
    waiting.start()
    try:
        with suppress(ExternalShutdownException):
            executor.spin_until_future_complete(ended)
    finally:
        signals.wake()
        waiting.join()
        executor.shutdown()
