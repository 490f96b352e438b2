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
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import SetBool

PATIENCE_S = 30.0
# Often enough for percentiles, and rarely enough to be no load.
PERIOD_S = 0.04
REQUESTS: dict[str, tuple[type, Any]] = {
    'enable': (SetBool, SetBool.Request(data=True)),
    'get_parameters': (GetParameters, GetParameters.Request(names=['max_faces'])),
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
    """A client of a node's services.

    Attributes:
        taken_ms: Of each service, the time from request to answer.
    """

    def __init__(self, node: str) -> None:
        super().__init__('asked')
        self.taken_ms: dict[str, list[float]] = defaultdict(list)
        self._callers = {
            name: self.create_client(kind, f'{node}/{name}')
            for name, (kind, _) in REQUESTS.items()
        }

    def ask_for(self, seconds: float) -> None:
        """Ask one after the other; raises MeasurementError if there is no answer."""
        end_s = time.monotonic() + seconds
        for name, caller in itertools.cycle(self._callers.items()):
            if time.monotonic() > end_s:
                return
            if not caller.wait_for_service(PATIENCE_S):
                raise MeasurementError(f'the service {name} is not there')
            started_s = time.perf_counter()
            future = caller.call_async(REQUESTS[name][1])
            rclpy.spin_until_future_complete(self, future, timeout_sec=PATIENCE_S)
            if not future.done():
                raise MeasurementError(f'{name} did not answer in {PATIENCE_S:g} s')
            self.taken_ms[name].append(1e3 * (time.perf_counter() - started_s))
            time.sleep(PERIOD_S)


@contextmanager
def asking(node: str) -> Iterator[Asked]:
    """Start ROS in this process for a client of a node, and end it."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        yield Asked(node)
    finally:
        rclpy.shutdown()
