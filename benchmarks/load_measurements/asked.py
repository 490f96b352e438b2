"""Asks the services of a node in turn, and how long each answer takes."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from common.command import MeasurementError
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.client import Client
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import SetBool

PATIENCE_S = 30.0
# Often enough for percentiles, and rarely enough to be no load.
PERIOD_S = 0.02
IDLE_NODE = 'idle'
GET = GetParameters.Request(names=['max_faces'])
REQUESTS: dict[str, tuple[type, Any]] = {
    'enable': (SetBool, SetBool.Request(data=True)),
    'get_parameters': (GetParameters, GET),
    'set_parameters': (
        SetParameters,
        SetParameters.Request(
            parameters=[
                Parameter(name='max_coast_frames', value=ParameterValue(type=2, integer_value=5))
            ]
        ),
    ),
}


class Asked(Node):
    """A client of a node's services, and of one of a node that does nothing.

    Attributes:
        taken_ms: Of each service, the time from request to answer.
        idle_ms: The same of the other node: what the machine itself takes at that time.
    """

    def __init__(self, node: str) -> None:
        super().__init__('asked')
        self.taken_ms: dict[str, list[float]] = defaultdict(list)
        self.idle_ms: list[float] = []
        self._callers = {
            name: self.create_client(kind, f'{node}/{name}')
            for name, (kind, _) in REQUESTS.items()
        }
        self._idle = self.create_client(GetParameters, f'{IDLE_NODE}/get_parameters')

    def ask_for(self, seconds: float) -> None:
        """Ask one after the other; raises MeasurementError if there is no answer."""
        end_s = time.monotonic() + seconds
        for name, caller in itertools.cycle(self._callers.items()):
            if time.monotonic() > end_s:
                return
            self.taken_ms[name].append(self._time_of(caller, REQUESTS[name][1]))
            time.sleep(PERIOD_S)
            self.idle_ms.append(self._time_of(self._idle, GET))
            time.sleep(PERIOD_S)

    def _time_of(self, caller: Client, request: Any) -> float:
        """Return what a call takes, ms."""
        if not caller.wait_for_service(PATIENCE_S):
            raise MeasurementError(f'the service {caller.srv_name} is not there')
        started_s = time.perf_counter()
        future = caller.call_async(request)
        rclpy.spin_until_future_complete(self, future, timeout_sec=PATIENCE_S)
        if not future.done():
            raise MeasurementError(f'{caller.srv_name} did not answer in {PATIENCE_S:g} s')
        return 1e3 * (time.perf_counter() - started_s)


@contextmanager
def asking(node: str) -> Iterator[Asked]:
    """Start ROS in this process for a client of a node, and end it."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        yield Asked(node)
    finally:
        rclpy.shutdown()
