"""The configured node: warm models, and a stream for each camera."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.inference.hardware import usable_cores
from facemesh_ros.inference.providers import GPU_PROVIDERS
from facemesh_ros.inference.tensorrt.engine_builder import BuildWatch
from facemesh_ros.ros.camera_stream import CameraStream
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.diagnostics.publisher import Diagnostics
from facemesh_ros.ros.diagnostics.stalled_inference import Watchdog
from facemesh_ros.ros.input.fair_scheduler import FairScheduler
from facemesh_ros.ros.output.target_frame import TargetFrame
from facemesh_ros.ros.parameters import Parameters
from facemesh_ros.ros.process.every_second import PERIOD_S
from facemesh_ros.tracking.tracker import FaceIds


class CameraStreams:
    """The streams of all cameras, which share one sensor.

    Each method is atomic: if it fails half-way, what was done is undone.

    Attributes:
        is_open: Whether images are processed.
    """

    def __init__(
        self,
        node: LifecycleNode,
        parameters: Parameters,
        ids: FaceIds,
        counts: Mapping[str, ImageCounts],
        *,
        enabled: bool,
        watch_build: BuildWatch,
    ) -> None:
        """Load, check and warm up the models, and publish the info.

        `ids` numbers the faces and `counts` counts the images of each camera, both for as long as
        the process lives; `enabled`: whether to take images once they are open; `watch_build`:
        see `load_sensor`.

        Raises:
            FacemeshError: If a model is missing, its provider does not run, a topic is invalid, or
                there is a target frame and no tf2 to find it.
        """
        self._node, self._parameters = node, parameters
        self._opened, self.is_open = ExitStack(), False
        settings = parameters.settings
        cameras = settings.cameras or ('',)
        with ExitStack() as undo:
            target = None
            if settings.target_frame:
                target = TargetFrame(node, settings.target_frame)
                undo.callback(target.close)
            sensor = self._sensor = load_sensor(settings, len(cameras), ids, watch_build)
            undo.callback(sensor.close)
            # On a CPU each worker takes a core; a GPU runs the faces of all cameras in one batch.
            on_cpu = sensor.model.provider not in GPU_PROVIDERS
            scheduler = FairScheduler(usable_cores() if on_cpu else len(cameras))
            self._streams: list[CameraStream] = []
            for camera in cameras:
                stream = CameraStream(
                    node, sensor, parameters, camera, scheduler, counts[camera], target
                )
                stream.enable(enabled)
                undo.callback(stream.publishers.destroy)
                self._streams.append(stream)
            self._logged = ''
            self._log_models()
            sensor.recovery.changed = self._announce
            self._configured = undo.pop_all()

    def open(self) -> None:
        """Subscribe and start the workers; raises TopicError if a subscription is refused."""
        with ExitStack() as undo:
            undo.callback(Watchdog([stream.stall for stream in self._streams]).close)
            for stream in self._streams:
                stream.open()
                undo.callback(stream.close)
            steady = Clock(clock_type=ClockType.STEADY_TIME)  # whatever becomes of /clock
            timer = self._node.create_timer(PERIOD_S, self._follow_settings, clock=steady)
            undo.callback(self._node.destroy_timer, timer)
            reports = [stream.report for stream in self._streams]
            undo.callback(Diagnostics(self._node, reports).close)
            self._opened = undo.pop_all()
            self.is_open = True

    def _follow_settings(self) -> None:
        for stream in self._streams:
            stream.follow_settings()

    def close(self) -> None:
        """Unsubscribe, finish the images in progress and forget all faces; nothing if not open."""
        self.is_open = False
        self._opened.close()

    def destroy(self) -> None:
        """Close, destroy the publishers and release the models."""
        try:
            self.close()
        finally:
            self._configured.close()

    def enable(self, enabled: bool) -> None:
        """Take images from now on, or none."""
        for stream in self._streams:
            stream.enable(enabled)

    def reset(self) -> None:
        """Forget all faces before the next image; ids are not reused."""
        for stream in self._streams:
            stream.reset()

    def _announce(self) -> None:
        """Log and publish which models run, after a change; any thread may call it."""
        self._log_models()
        for stream in self._streams:
            stream.publishers.publish_info()

    def _log_models(self) -> None:
        """Log which models run, if that has changed."""
        model, log = self._sensor.model, self._node.get_logger()
        text = (
            f'detector {model.detector}; landmark model {model.landmark_model} '
            f'({model.landmark_count} points); on {model.provider} in {model.precision}'
        )
        if text == self._logged:
            return
        self._logged = text
        if model.precision != self._parameters.settings.precision:
            log.warning(f'{text}, not in the requested fp16, which needs a GPU')
        else:
            log.info(text)
        log.info(f'provider report: {model.report}')
