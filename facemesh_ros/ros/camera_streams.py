"""What a configured node has: warm models, and a stream for each camera."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from rclpy.lifecycle import LifecycleNode

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.inference.hardware import usable_cores
from facemesh_ros.inference.providers import CPU
from facemesh_ros.inference.tensorrt.engine_builder import BuildWatch
from facemesh_ros.ros.camera_stream import CameraStream
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.diagnostics.publisher import Diagnostics
from facemesh_ros.ros.input.fair_scheduler import FairScheduler
from facemesh_ros.ros.parameters import Parameters
from facemesh_ros.tracking.tracker import FaceIds


class CameraStreams:
    """The streams of all cameras around one sensor.

    Each step is taken as a whole or not at all: what fails half-way leaves nothing behind.
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
        """Load, check and warm up the models, and announce them.

        Args:
            node: Whose topics these are.
            parameters: Of the node.
            ids: Where faces get their numbers from.
            counts: Of the images of each camera, which go on counting.
            enabled: Whether to take images, once they are open.
            watch_build: See `load_sensor`.

        Raises:
            FacemeshError: If a model is missing, its provider does not run, or a topic is none.
        """
        self._node, self._parameters = node, parameters
        self._opened, self._is_open = ExitStack(), False
        settings = parameters.settings
        cameras = settings.cameras or ('',)
        with ExitStack() as undo:
            self._sensor = load_sensor(settings, len(cameras), ids, watch_build)
            undo.callback(self._sensor.close)
            # On a CPU each camera that works takes a core; a GPU takes the faces of all at once.
            on_cpu = self._sensor.model.provider == CPU
            turns = FairScheduler(usable_cores() if on_cpu else len(cameras))
            self._streams: list[CameraStream] = []
            for camera in cameras:
                stream = CameraStream(
                    node, self._sensor, parameters, camera, turns, counts[camera], enabled=enabled
                )
                undo.callback(stream.destroy)
                self._streams.append(stream)
            self._told = ''
            self._tell()
            self._sensor.recovery.changed = self._announce
            self._configured = undo.pop_all()

    def open(self) -> None:
        """Subscribe and start to work; raises TopicError if a topic cannot be subscribed to."""
        with ExitStack() as undo:
            for stream in self._streams:
                stream.open()
                undo.callback(stream.close)
            undo.callback(Diagnostics(self._node, self._streams).close)
            self._opened = undo.pop_all()
            self._is_open = True

    def close(self) -> None:
        """Finish the images in hand, unsubscribe and forget all faces; nothing if not open."""
        self._is_open = False
        self._opened.close()

    def destroy(self) -> None:
        """Close, take the publishers down and give the models back."""
        try:
            self.close()
        finally:
            self._configured.close()

    @property
    def is_open(self) -> bool:
        """Whether images are worked on."""
        return self._is_open

    def enable(self, wanted: bool) -> None:
        """Take images, or leave them unread."""
        for stream in self._streams:
            stream.enable(wanted)

    def reset(self) -> None:
        """Forget all faces before the next image; ids go on counting."""
        for stream in self._streams:
            stream.reset()

    def _announce(self) -> None:
        """Say what runs, after that has changed; any thread may call it."""
        self._tell()
        for stream in self._streams:
            stream.announce()

    def _tell(self) -> None:
        """Log what runs, if that is not what was logged last."""
        model, log = self._sensor.model, self._node.get_logger()
        text = (
            f'{model.detector} and {model.landmark_model} ({model.landmark_count} landmarks) run '
            f'on {model.provider} in {model.precision}'
        )
        if text == self._told:
            return
        self._told = text
        if model.precision != self._parameters.settings.precision:
            log.warning(f'{text}, not in the fp16 that was asked for, which takes a GPU')
        else:
            log.info(text)
        log.info(f'proof: {model.report}')
