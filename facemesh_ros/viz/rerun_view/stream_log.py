"""Logs one stream to Rerun: its pictures, its faces in them and in space, and curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from facemesh_ros.types import Float64
from facemesh_ros.viz.drawing import bgr_from_frame
from facemesh_ros.viz.rerun_view import picture_log, space_log
from facemesh_ros.viz.rerun_view.branch import Branch, readable
from facemesh_ros.viz.rerun_view.curves import COUNT, CURVES, OF_FACES, TIMES, Curves, rgb_of_curve
from facemesh_ros.viz.rerun_view.mesh_topology import MeshTopology
from facemesh_ros.viz.rerun_view.picture_log import log_face_in_picture, log_image
from facemesh_ros.viz.rerun_view.shown_face import RGB255, ShownFace, shown_face
from facemesh_ros.viz.rerun_view.space_log import SpaceLog
from facemesh_ros.viz.seen_image import SeenImage

# Stamps from a year after the epoch on are dates; lower ones count from a stream's start.
_FIRST_DATE_NS = 365 * 86400 * 10**9
_NUMBER, _DATE, _TIME = 'image', 'stamp', 'time'


class StreamLog:
    """Logs what was seen in the images of one stream.

    Attributes:
        root: Its branch of the entities.
        has_times: Whether any latency was known.
        timeline: By which it is best looked at.
    """

    def __init__(self, sdk: Any, recording: Any, root: str, *, is_live: bool = False) -> None:
        self.root, self.has_times, self.timeline = root, False, _NUMBER
        self._recording = recording
        self._branch = Branch(sdk, recording, root, is_live=is_live)
        self._space = SpaceLog(self._branch)
        self._images = 0
        self._shown: set[str] = set()
        self._named: set[str] = set()
        self._info: Any = None
        self._topology = MeshTopology(None)

    @property
    def has_space(self) -> bool:
        """Whether anything is known in metres."""
        return self._space.has_any

    @property
    def middle_m(self) -> Float64:
        """Where faces are, (3,) m."""
        return self._space.middle_m

    def show(self, seen: SeenImage, times_ms: Mapping[str, float]) -> None:
        """Log an image and its faces; those that are not in it disappear."""
        self._set_time(seen.stamp_ns)
        if seen.info is not None and seen.info is not self._info:
            self._info, self._topology = seen.info, MeshTopology(seen.info)
        faces = [shown_face(msg, self._topology.names) for msg in seen.msg.faces]
        self._space.note(seen.camera, faces)
        self._log_picture(seen, faces)
        for name in self._shown - {face.name for face in faces}:
            self._clear(name)
        for face in faces:
            log_face_in_picture(self._branch, face, self._topology)
            if self.has_space:
                self._space.log_face(face, self._topology)
            self._log_numbers(face)
        self._shown = {face.name for face in faces}
        self._log_count(faces)
        self._log_times({'image to message': 1e3 * seen.msg.latency, **times_ms})
        self._images += 1

    def _set_time(self, stamp_ns: int) -> None:
        recording = self._recording
        recording.reset_time()
        recording.set_time(_NUMBER, sequence=self._images)
        if stamp_ns >= _FIRST_DATE_NS:
            recording.set_time(_DATE, timestamp=np.datetime64(stamp_ns, 'ns'))
            self.timeline = _DATE
        elif stamp_ns or not self._images:  # pictures have no time, and would all be at zero
            recording.set_time(_TIME, duration=np.timedelta64(stamp_ns, 'ns'))
            self.timeline = _TIME if stamp_ns else _NUMBER

    def _log_picture(self, seen: SeenImage, faces: Sequence[ShownFace]) -> None:
        if seen.frame is None:
            return
        bgr = bgr_from_frame(seen.frame)
        log_image(self._branch, picture_log.PICTURE, bgr)
        if seen.camera is not None:
            self._space.log_camera(seen.camera, bgr, faces)

    def _clear(self, name: str) -> None:
        places = [picture_log.FACES, space_log.FACES]
        for place in places + [f'{CURVES}/{plot.entity}' for plot in OF_FACES]:
            self._branch.clear(self._branch.below(place, name))

    def _log_numbers(self, face: ShownFace) -> None:
        for plot in OF_FACES:
            for index, number in enumerate(plot.numbers):
                place = self._place(plot, face.name, number)
                if number in face.numbers:
                    name = face.name if len(plot.numbers) == 1 else f'{face.name} {number}'
                    rgb = rgb_of_curve(face.rgb, index)
                    self._log_point(place, name, face.numbers[number], rgb)
                elif place in self._named:  # a gap, not a line across it
                    self._branch.clear(place)

    def _log_count(self, faces: Sequence[ShownFace]) -> None:
        count = sum(face.is_seen for face in faces)
        self._log_point(self._place(COUNT), 'faces', count)

    def _log_times(self, times_ms: Mapping[str, float]) -> None:
        for name, value in times_ms.items():
            if math.isfinite(value):
                self.has_times = True
                self._log_point(self._place(TIMES, name), name, value)

    def _place(self, plot: Curves, *parts: str) -> str:
        return self._branch.below(f'{CURVES}/{plot.entity}', *parts)

    def _log_point(self, place: str, name: str, value: float, rgb: RGB255 | None = None) -> None:
        if place not in self._named:
            self._named.add(place)
            line = self._branch.sdk.SeriesLines(names=readable(name), colors=rgb, widths=1.5)
            self._branch.log(place, line, static=True)
        self._branch.log(place, self._branch.sdk.Scalars(value))
