"""The consumer of a soak: hears the faces, calls the services, and writes down what it finds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import rclpy
from common.command import MeasurementError
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.node import Node
from rclpy.qos import QoSProfile
from soak_measurements.records import Records
from std_srvs.srv import SetBool, Trigger

from facemesh_ros.messages.image_conversion import ns_from_stamp
from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.input.image_subscription import HAS_MESSAGE_INFO

NODE = '/facemesh'
# A machine whose cores are all taken by others gives a node less than a second in a minute.
PATIENCE_S = 300.0
RELIABLE = QoSProfile(depth=50)
TRANSITIONS = {
    'configure': Transition.TRANSITION_CONFIGURE,
    'activate': Transition.TRANSITION_ACTIVATE,
    'deactivate': Transition.TRANSITION_DEACTIVATE,
    'cleanup': Transition.TRANSITION_CLEANUP,
}
SERVICES = {
    'enable': SetBool,
    'reset': Trigger,
    'change_state': ChangeState,
    'set_parameters_atomically': SetParametersAtomically,
}
_TYPES = {bool: (1, 'bool_value'), int: (2, 'integer_value'), float: (3, 'double_value')}


class Client(Node):
    """One thread: everything happens while it waits.

    Attributes:
        answered: Images that the node has answered: the last message's sequence number, as a
            consumer that has no processor time misses some; without numbers, those heard.
        counts: dropped, lost and failed of the last one.
        stamp_ns: Of the last one.
        cycle: Number of the cycle, for the records.
        phase: What is being done, for the records.
    """

    def __init__(self, records: Records, every: Callable[[], None]) -> None:
        """Subscribe and find the services; `every` is called while it waits."""
        super().__init__('soak')
        self._records, self._every, self._start_s = records, every, time.monotonic()
        self.answered, self.counts, self.stamp_ns = 0, (0, 0, 0), 0
        self.cycle, self.phase = 0, 'start'
        # Humble's callbacks take a message alone.
        on_faces = self._on_faces if HAS_MESSAGE_INFO else partial(self._on_faces, info={})
        self.create_subscription(FaceMeshArray, f'{NODE}/landmarks', on_faces, RELIABLE)
        self._callers = {
            name: self.create_client(kind, f'{NODE}/{name}') for name, kind in SERVICES.items()
        }

    def record(self, name: str, *cells: Any) -> None:
        """Write a line of a file of the records."""
        seconds = time.monotonic() - self._start_s
        self._records.add(name, seconds, self.cycle, self.phase, *cells)

    def _on_faces(self, msg: FaceMeshArray, info: Mapping[str, Any]) -> None:
        self.answered = info.get('publication_sequence_number') or self.answered + 1
        self.counts = msg.dropped_images, msg.lost_images, msg.failed_images
        self.stamp_ns = ns_from_stamp(msg.header)
        self.record('answers', 1e3 * msg.latency, len(msg.faces), *self.counts)

    def wait(self, seconds: float, reached: Callable[[], bool] = lambda: False) -> bool:
        """Wait until something is reached, for at most some seconds; return whether it was."""
        end_s = time.monotonic() + seconds
        while not (done := reached()) and (left_s := end_s - time.monotonic()) > 0:
            rclpy.spin_once(self, timeout_sec=min(0.02, left_s))
            self._every()
        return done

    def call(self, name: str, request: Any) -> Any:
        """Call a service and record how long its answer took.

        Raises:
            MeasurementError: If there is none.
        """
        client = self._callers[name]
        if not self.wait(PATIENCE_S, client.service_is_ready):
            raise MeasurementError(f'the service {name} was not there in {PATIENCE_S:g} s')
        started_s = time.perf_counter()
        future = client.call_async(request)
        if not self.wait(PATIENCE_S, future.done):
            raise MeasurementError(f'the service {name} did not answer in {PATIENCE_S:g} s')
        self.record('calls', name, 1e3 * (time.perf_counter() - started_s))
        return future.result()

    def enable(self, enabled: bool) -> None:
        """Let images be taken, or none."""
        self._must(self.call('enable', SetBool.Request(data=enabled)).success, 'enable')

    def reset(self) -> None:
        """Forget all faces."""
        self._must(self.call('reset', Trigger.Request()).success, 'reset')

    def change(self, transition: str) -> None:
        """Change the lifecycle's state."""
        request = ChangeState.Request(transition=Transition(id=TRANSITIONS[transition]))
        self._must(self.call('change_state', request).success, transition)

    def set_parameters(self, *, taken: bool = True, **values: Any) -> None:
        """Set parameters, `__` for a dot; `taken`: whether the node should take them."""
        request = SetParametersAtomically.Request(
            parameters=[
                Parameter(name=name.replace('__', '.'), value=_parameter_value(value))
                for name, value in values.items()
            ]
        )
        result = self.call('set_parameters_atomically', request).result
        self._must(result.successful == taken, f'setting {values}: {result.reason!r}')

    def _must(self, holds: bool, what: str) -> None:
        if not holds:
            raise MeasurementError(f'in cycle {self.cycle}, {self.phase}: {what} failed')


def _parameter_value(value: Any) -> ParameterValue:
    kind, field = _TYPES.get(type(value), (4, 'string_value'))
    return ParameterValue(type=kind, **{field: value})
