"""The node `facemesh`: lifecycle, parameters and services around its cameras' streams."""

from __future__ import annotations

import sys
import traceback
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import SetBool, Trigger

from facemesh_ros.core.providers import CPU
from facemesh_ros.errors import FacemeshError
from facemesh_ros.hardware import usable_cores
from facemesh_ros.ros.counts import ImageCounts
from facemesh_ros.ros.diagnostics import Diagnostics
from facemesh_ros.ros.logs import NodeLog
from facemesh_ros.ros.memory import keep_memory_for_images
from facemesh_ros.ros.settings import Parameters
from facemesh_ros.ros.spinning import EndingSignals, spin_until_told, start_rclpy
from facemesh_ros.ros.stream import FaceStream
from facemesh_ros.ros.turns import Turns
from facemesh_ros.sensor import FaceSensor, ModelInfo, load_sensor

FAILURE, SUCCESS = TransitionCallbackReturn.FAILURE, TransitionCallbackReturn.SUCCESS

Response = TypeVar('Response', SetBool.Response, Trigger.Response)
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
        NodeLog(self.get_logger())
        self._tunables = Parameters(self)
        self._streams: list[FaceStream] = []
        # They belong to the process: no transition sets them back.
        self._counts: defaultdict[str, ImageCounts] = defaultdict(ImageCounts)
        self._sensor: FaceSensor | None = None
        self._diagnostics: Diagnostics | None = None
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
        settings = self._tunables.settings
        cameras = settings.cameras or ('',)
        sensor = self._sensor = load_sensor(settings, streams=len(cameras))
        # On a CPU each camera that works takes a core; a GPU takes the faces of all at once.
        turns = Turns(usable_cores() if sensor.model.provider == CPU else len(cameras))
        self._streams = [
            FaceStream(self, sensor, self._tunables, camera, turns, self._counts[camera])
            for camera in cameras
        ]
        self._announce(sensor.model)
        sensor.handover.start(self._announce_again)
        return SUCCESS

    def _announce_again(self) -> None:
        for stream in self._streams:
            stream.announce()

    def _announce(self, model: ModelInfo) -> None:
        text = (
            f'{model.detector} and {model.landmark_model} ({model.landmark_count} landmarks) run '
            f'on {model.provider} in {model.precision}'
        )
        if model.precision != self._tunables.settings.precision:
            missed = 'not in the fp16 that was asked for, which takes a GPU'
            self.get_logger().warning(f'{text}, {missed}')
        else:
            self.get_logger().info(text)
        self.get_logger().info(f'proof: {model.proof}')

    @_told
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the images."""
        for stream in self._streams:
            stream.open()
        self._diagnostics = Diagnostics(self, [stream.health for stream in self._streams])
        return SUCCESS

    @_told
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and forget all faces."""
        self._close()
        return SUCCESS

    @_told
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give the models back."""
        self._sensor.handover.stop()
        for stream in self._streams:
            stream.destroy()
        self._streams = []
        self._sensor.close()
        self._sensor = None
        return SUCCESS

    @_told
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop whatever runs."""
        self.stop()
        return SUCCESS

    def stop(self) -> None:
        """End what runs; safe in every state."""
        if self._sensor is not None:
            self._sensor.handover.stop()
        self._close()

    def _close(self) -> None:
        if self._diagnostics is not None:
            self._diagnostics.close()
            self._diagnostics = None
        for stream in self._streams:
            stream.close()

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> object:
        for stream in self._streams:
            stream.enable(request.data)
        return self._answered(response)

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> object:
        for stream in self._streams:
            stream.reset()
        return self._answered(response)

    def _answered(self, response: Response) -> Response:
        response.success = bool(self._streams)
        response.message = '' if response.success else 'the node is not configured'
        return response


def main(args: list[str] | None = None) -> int:
    """Run the node until it is told to stop; 1 if it cannot start."""
    keep_memory_for_images()
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
