"""The node `facemesh`: lifecycle, parameters and services around one stream of images."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import wraps

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import SetBool, Trigger

from facemesh_ros.acceleration.handover import Handover
from facemesh_ros.errors import FacemeshError
from facemesh_ros.ros.logs import NodeLog
from facemesh_ros.ros.settings import Parameters
from facemesh_ros.ros.spinning import EndingSignals, spin_until_told, start_rclpy
from facemesh_ros.ros.stream import FaceStream
from facemesh_ros.sensor import ModelInfo, load_sensor
from facemesh_ros.timing import StageTimes

FAILURE, SUCCESS = TransitionCallbackReturn.FAILURE, TransitionCallbackReturn.SUCCESS

Transition = Callable[['FaceMeshNode', LifecycleState], TransitionCallbackReturn]


def _told(transition: Transition) -> Transition:
    """Log what a transition raises and let it fail; rclpy would swallow it without a word."""

    @wraps(transition)
    def wrapped(node: FaceMeshNode, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except FacemeshError as error:
            node.get_logger().fatal(str(error))
        except Exception:
            node.get_logger().fatal(traceback.format_exc())
        return FAILURE

    return wrapped


class FaceMeshNode(LifecycleNode):
    """Configured, it holds warm models; active, it turns images into faces."""

    def __init__(self) -> None:
        """Declare everything; raises rclpy's ParameterException on a bad start value."""
        super().__init__('facemesh')
        self._log = NodeLog(self.get_logger())
        self._tunables = Parameters(self)
        self._stream: FaceStream | None = None
        self._handover: Handover | None = None
        self.create_service(SetBool, '~/enable', self._on_enable)
        self.create_service(Trigger, '~/reset', self._on_reset)

    def start(self) -> bool:
        """Configure and activate, unless a lifecycle manager is to do it; False if that fails."""
        if not self._tunables.settings.autostart:
            return True
        return self.trigger_configure() == SUCCESS and self.trigger_activate() == SUCCESS

    @_told
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load, check and warm up the models, and announce them."""
        times = StageTimes()
        sensor = load_sensor(self._tunables.settings, times.stage)
        self._stream = FaceStream(self, sensor, self._tunables, times)
        self._announce(sensor.model)
        self._handover = sensor.handover
        self._handover.start(self._stream.announce)
        return SUCCESS

    def _announce(self, model: ModelInfo) -> None:
        text = (
            f'{model.detector} and {model.landmark_model} ({model.landmark_count} landmarks) run '
            f'on {model.provider} in {model.precision}'
        )
        warnings = []
        if model.precision != self._tunables.settings.precision:
            warnings.append('not in the fp16 that was asked for, which takes a GPU')
        if warnings:
            self.get_logger().warning(', '.join([text, *warnings]))
        else:
            self.get_logger().info(text)
        self.get_logger().info(f'proof: {model.proof}')

    @_told
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the images."""
        self._stream.open()
        return SUCCESS

    @_told
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and forget all faces."""
        self._stream.close()
        return SUCCESS

    @_told
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give the models back."""
        self._handover.stop()
        self._stream.destroy()
        self._stream = None
        return SUCCESS

    @_told
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop whatever runs."""
        self.stop()
        return SUCCESS

    def stop(self) -> None:
        """End the worker; safe in every state."""
        if self._handover is not None:
            self._handover.stop()
        if self._stream is not None:
            self._stream.close()

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> object:
        response.success = self._stream is not None
        response.message = '' if response.success else 'the node is not configured'
        if self._stream is not None:
            self._stream.enabled = request.data
        return response

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> object:
        response.success = self._stream is not None
        response.message = '' if response.success else 'the node is not configured'
        if self._stream is not None:
            self._stream.reset()
        return response


def main(args: list[str] | None = None) -> int:
    """Run the node until it is told to stop; 1 if it cannot start."""
    signals = start_rclpy(args)
    try:
        node = FaceMeshNode()
    except ParameterException as error:
        print(f'facemesh: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return 1
    return _run(node, signals)


def _run(node: FaceMeshNode, signals: EndingSignals) -> int:
    try:
        if not node.start():
            return 1
        spin_until_told(node, signals)
    finally:
        node.stop()
        # Left to the interpreter's end, rclpy now and then takes the process down with it.
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
