"""The node `facemesh`: lifecycle, parameters and services around its cameras' streams."""

from __future__ import annotations

if __name__ == '__main__':
    from facemesh_ros.ros.process.signals import exit_on_signals

    exit_on_signals()  # before the other imports, which take a second

import sys
from collections import defaultdict

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import SetBool, Trigger

from facemesh_ros.errors import FacemeshError
from facemesh_ros.ros.camera_streams import CameraStreams
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.parameters import Parameters
from facemesh_ros.ros.process.lifecycle import refuse_transitions_out_of_turn, told
from facemesh_ros.ros.process.log_bridge import RosLogHandler
from facemesh_ros.ros.process.malloc import keep_freed_memory
from facemesh_ros.ros.process.spin import TerminationSignals, spin_until_signal, start_rclpy
from facemesh_ros.tracking.face_ids import FaceIds

ERROR, FAILURE = TransitionCallbackReturn.ERROR, TransitionCallbackReturn.FAILURE
SUCCESS = TransitionCallbackReturn.SUCCESS


class FaceMeshNode(LifecycleNode):
    """Configured, it holds warm models; active, it turns images into faces.

    A transition that fails leaves the node in the state that it came from, with nothing half done.
    Ids of faces, counts of images, and whether it is enabled belong to the process and outlive all
    transitions.
    """

    def __init__(self) -> None:
        """Declare everything; raises rclpy's ParameterException on a bad start value."""
        super().__init__('facemesh')
        self._log = RosLogHandler(self.get_logger())
        self._ids = FaceIds()
        self._counts: defaultdict[str, ImageCounts] = defaultdict(ImageCounts)
        self._enabled, self._is_shut_down = True, False
        self._streams: CameraStreams | None = None
        self._tunables = Parameters(self)
        refuse_transitions_out_of_turn(self)
        self.create_service(SetBool, '~/enable', self._on_enable)
        self.create_service(Trigger, '~/reset', self._on_reset)

    def start(self) -> bool:
        """Configure and activate, unless a lifecycle manager is to do it; False if that fails."""
        if not self._tunables.settings.autostart:
            return True
        return self.trigger_configure() == SUCCESS and self.trigger_activate() == SUCCESS

    @told(otherwise=FAILURE)
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load, check and warm up the models, and announce them."""
        self._streams = CameraStreams(
            self, self._tunables, self._ids, self._counts, enabled=self._enabled
        )
        return SUCCESS

    @told(otherwise=FAILURE)
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the images."""
        self._configured.open()
        return SUCCESS

    @told(otherwise=ERROR)
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and forget all faces."""
        self._configured.close()
        return SUCCESS

    @told(otherwise=ERROR)
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give the models back."""
        self.stop()
        return SUCCESS

    @told(otherwise=SUCCESS)  # there is no way back, and what can end has ended
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop whatever runs."""
        self._is_shut_down = True
        self.stop()
        return SUCCESS

    @told(otherwise=SUCCESS)
    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take down what an error has left, so that the node can be configured anew."""
        self.stop()
        return SUCCESS

    def stop(self) -> None:
        """End what runs and give the models back; safe in every state."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams.destroy()

    def destroy_node(self) -> None:
        """End what runs, and destroy the node."""
        self.stop()
        self._log.close()
        super().destroy_node()

    @property
    def _configured(self) -> CameraStreams:
        assert self._streams is not None  # as the lifecycle has it
        return self._streams

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> object:
        self._enabled = request.data
        if self._streams is not None:
            self._streams.enable(request.data)
        wanted = 'enabled' if request.data else 'disabled: images are left unread'
        idle = self._why_idle
        later = f'; takes effect once the node is active: {idle}' if idle else ''
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
        """Why no image is worked on, whether enabled or not; empty while the node is active."""
        if self._is_shut_down:
            return 'it has been shut down, for good'
        if self._streams is None:
            return 'it is not configured'
        return '' if self._streams.is_open else 'it is inactive'


def main(args: list[str] | None = None) -> int:
    """Run the node until it is told to stop; 1 if it cannot start."""
    keep_freed_memory()
    try:
        signals = start_rclpy(args)
        node = FaceMeshNode()
    except (FacemeshError, ParameterException) as error:
        print(f'facemesh: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return 1
    return _run(node, signals)


def _run(node: FaceMeshNode, signals: TerminationSignals) -> int:
    try:
        if signals.have_come:
            return 0
        if not node.start():
            return 1
        spin_until_signal(node, signals)
    finally:
        node.stop()
        # Left to the interpreter's end, rclpy now and then takes the process down with it.
        node.destroy_node()
        rclpy.try_shutdown()
        signals.ignore()
    return 0


if __name__ == '__main__':
    sys.exit(main())
