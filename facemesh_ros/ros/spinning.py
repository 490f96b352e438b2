"""How the processes of this package run, and how they are told to end."""

from __future__ import annotations

import signal
import socket
from contextlib import suppress
from threading import Thread

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future


class EndingSignals:
    """SIGINT and SIGTERM, which from now on do nothing but end `spin_until_told`.

    rclpy's handlers wake executors from a thread that does not notice when these are destroyed:
    one end in a hundred was a segmentation fault. Python's raises KeyboardInterrupt in the midst
    of whatever runs.
    """

    def __init__(self) -> None:
        """Take both signals over; call it once, in the main thread."""
        self._arrived, self._noted = socket.socketpair()
        self._noted.setblocking(False)
        signal.set_wakeup_fd(self._noted.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)

    def wait(self) -> None:
        """Return once one has come, be it long ago."""
        self._arrived.recv(1)

    def pretend(self) -> None:
        """End a wait."""
        self._noted.send(b'\0')


def start_rclpy(args: list[str] | None = None) -> EndingSignals:
    """Initialise rclpy, and return what ends the process."""
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    return EndingSignals()


def spin_until_told(node: Node, signals: EndingSignals) -> None:
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
