"""The node `facemesh`: lifecycle, parameters and services."""

from __future__ import annotations

if __name__ == '__main__':
    from facemesh_ros.ros.process.malloc import keep_freed_memory
    from facemesh_ros.ros.process.signals import exit_on_signals

    exit_on_signals()  # before the other imports, which take a second
    keep_freed_memory()  # and start threads

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing

import rclpy
from rcl_interfaces.msg import SetParametersResult
from rclpy.exceptions import ParameterException, ParameterNotDeclaredException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool, Trigger

from facemesh_ros.errors import FacemeshError
from facemesh_ros.ros.camera_streams import CameraStreams
from facemesh_ros.ros.diagnostics.engine_build import EngineBuildStatus
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.diagnostics.stalled_inference import LoadingStall, Watchdog
from facemesh_ros.ros.parameters import Parameters
from facemesh_ros.ros.process.ending import end_soon_after
from facemesh_ros.ros.process.lifecycle import (
    creation_errors_explained,
    log_exceptions,
    refuse_invalid_transitions,
)
from facemesh_ros.ros.process.log_bridge import RosLogHandler
from facemesh_ros.ros.process.malloc import keep_freed_memory
from facemesh_ros.ros.process.spin import TerminationSignals, spin_until_signal, start_rclpy
from facemesh_ros.ros.process.unused_memory import give_back_unused_memory
from facemesh_ros.tracking.tracker import FaceIds

ERROR, FAILURE = TransitionCallbackReturn.ERROR, TransitionCallbackReturn.FAILURE
SUCCESS = TransitionCallbackReturn.SUCCESS


class FaceMeshNode(LifecycleNode):
    """Configured, it holds warm models; active, it processes images.

    A transition that fails leaves the node in the state it came from and undoes what it did. Ids
    of faces, counts of images and ~/enable live as long as the process, across all transitions.
    """

    def __init__(
        self, is_ending: Callable[[], bool] = lambda: False, arguments: Sequence[str] = ()
    ) -> None:
        """Declare parameters and services.

        Args:
            is_ending: Whether the process is to end; cancels the building of TensorRT engines.
            arguments: Of the process; errors name the file that a parameter comes from.

        Raises:
            FacemeshError: If a parameter's start value is invalid, or a file of parameters is for
                a node of nearly this name.
            ParameterException: If a parameter of rclpy's own is invalid.
        """
        with creation_errors_explained():
            super().__init__('facemesh')
        self._log_handler = RosLogHandler(self.get_logger())
        self._ids = FaceIds()
        self._counts: defaultdict[str, ImageCounts] = defaultdict(ImageCounts)
        self._enabled, self._is_shut_down = True, False
        self._streams: CameraStreams | None = None
        self._is_ending = is_ending
        # rclpy has a `_parameters` of its own.
        self._declared_parameters = Parameters(self, arguments)
        refuse_invalid_transitions(self)
        self.create_service(SetBool, '~/enable', self._on_enable)
        self.create_service(Trigger, '~/reset', self._on_reset)

    def start(self) -> bool:
        """Configure and activate, unless `autostart` is false; False if that fails."""
        if not self._declared_parameters.settings.autostart:
            return True
        return self.trigger_configure() == SUCCESS and self.trigger_activate() == SUCCESS

    @log_exceptions(result=FAILURE)
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load, check and warm up the models, and publish the info."""
        loading = LoadingStall(self.get_logger().error)
        with (
            closing(Watchdog([loading])),
            EngineBuildStatus(self, self._is_ending, loading.restart) as watch_build,
        ):
            self._streams = CameraStreams(
                self,
                self._declared_parameters,
                self._ids,
                self._counts,
                enabled=self._enabled,
                watch_build=watch_build,
            )
        return SUCCESS

    @log_exceptions(result=FAILURE)
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the images."""
        self._configured.open()
        self._declared_parameters.warn_of_unknown(of_topics=True)
        return SUCCESS

    @log_exceptions(result=ERROR)
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and forget all faces."""
        self._configured.close()
        return SUCCESS

    @log_exceptions(result=ERROR)
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release the models."""
        self.stop()
        return SUCCESS

    @log_exceptions(result=SUCCESS)  # the state is final, and what could be stopped is
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop everything."""
        self._is_shut_down = True
        self.stop()
        return SUCCESS

    @log_exceptions(result=SUCCESS)
    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Clean up after an error, so that the node can be configured again."""
        self.stop()
        return SUCCESS

    def set_parameters_atomically(self, parameter_list: list[Parameter]) -> SetParametersResult:
        """As rclpy's; a name that the node does not have is refused with the nearest one."""
        try:
            return super().set_parameters_atomically(parameter_list)
        except ParameterNotDeclaredException:
            names = [parameter.name for parameter in parameter_list]
            reason = self._declared_parameters.why_unknown(names)
            return SetParametersResult(successful=False, reason=reason)

    def stop(self) -> None:
        """Stop everything and release the models; safe in every state."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams.destroy()

    def destroy_node(self) -> None:
        """Stop everything, and destroy the node."""
        self.stop()
        self._log_handler.close()
        super().destroy_node()

    @property
    def _configured(self) -> CameraStreams:
        assert self._streams is not None  # by the lifecycle's states
        return self._streams

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> object:
        self._enabled = request.data
        if self._streams is not None:
            self._streams.enable(request.data)
        wanted = 'enabled' if request.data else 'disabled: no images are taken'
        idle = self._why_idle
        later = f'; takes effect when the node is active: {idle}' if idle else ''
        response.success = not self._is_shut_down
        response.message = wanted + later if response.success else idle
        return response

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> object:
        if self._streams is not None:
            self._streams.reset()
        idle = self._why_idle
        response.success = not self._is_shut_down
        response.message = f'there are no faces: {idle}' if idle else 'all faces are forgotten'
        return response

    @property
    def _why_idle(self) -> str:
        """Why no images are processed, enabled or not; empty while the node is active."""
        if self._is_shut_down:
            return 'the node has been shut down'
        if self._streams is None:
            return 'it is not configured'
        return '' if self._streams.is_open else 'it is inactive'


def main(args: list[str] | None = None) -> int:
    """Run the node until a signal; 1 if it cannot start."""
    keep_freed_memory()  # for programs that have not done so before their imports
    give_back_unused_memory()
    try:
        signals = start_rclpy(args)
        end_soon_after(signals, starting=True)
        arguments = sys.argv if args is None else args
        node = FaceMeshNode(lambda: signals.received, arguments)
    except (FacemeshError, ParameterException) as error:
        print(f'facemesh: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return 1
    return _run(node, signals)


def _run(node: FaceMeshNode, signals: TerminationSignals) -> int:
    try:
        if signals.received:
            return 0
        if not node.start():
            return 0 if signals.received else 1
        end_soon_after(signals)
        spin_until_signal(node, signals)
    except MemoryError as error:
        # rclpy never takes a message of this subscription again.
        node.get_logger().fatal(
            f'no memory for a message ({error}), so the process ends with status 1; smaller '
            'images, fewer cameras or a higher memory limit help'
        )
        return 1
    finally:
        node.stop()
        # If this is left to the end of the interpreter, rclpy sometimes crashes there.
        node.destroy_node()
        rclpy.try_shutdown()
        signals.ignore()
    return 0


if __name__ == '__main__':
    sys.exit(main())
