"""What becomes of a stream's images and faces, as columns of numbers: no landmarks are kept."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

from facemesh_ros.consumer import box, landmarks
from facemesh_ros.types import Float64
from facemesh_ros.viz.report.measures import FaceMeasures, FaceMeter
from facemesh_ros.viz.report.remaining_noise import RemainingNoise
from facemesh_ros.viz.report.stream_clock import StreamClock
from facemesh_ros.viz.seen_image import SeenImage

TENTATIVE, TRACKED, COASTING = range(3)
COUNTERS = ('dropped_images', 'lost_images', 'failed_images')
_UNKNOWN = (math.nan,) * len(FaceMeasures._fields)


class TrackSeries:
    """One id over time; a row for each image in which it was published.

    Attributes:
        id: Its name.
    """

    def __init__(self, identity: str) -> None:
        self.id = identity
        self._times, self._states, self._left = array('d'), array('b'), array('f')
        self._columns = tuple(array('f') for _ in FaceMeasures._fields)
        self.first_box: Any = None
        self.last_box: Any = None

    def add(self, time_s: float, state: int, measures: Iterable[float]) -> None:
        """Take its next image; what was measured, or NaN where it was not seen."""
        self._times.append(time_s)
        self._states.append(state)
        self._left.append(math.nan)
        for column, value in zip(self._columns, measures, strict=True):
            column.append(value)

    def note_left(self, noise_px: float) -> None:
        """Take the noise that is left in the landmarks of the image before."""
        if len(self._left) > 1:
            self._left[-2] = noise_px

    @property
    def times(self) -> Float64:
        """(N,) s."""
        return np.frombuffer(self._times, np.float64)

    @property
    def states(self) -> Any:
        """(N,) int8."""
        return np.frombuffer(self._states, np.int8)

    @property
    def left_px(self) -> Float64:
        """(N,) px RMS, jitter left in the published landmarks; NaN if unknown."""
        return np.frombuffer(self._left, np.float32).astype(float)

    def column(self, name: str) -> Float64:
        """Return a field of FaceMeasures, (N,)."""
        column = self._columns[FaceMeasures._fields.index(name)]
        return np.frombuffer(column, np.float32).astype(float)


class StreamSeries:
    """One stream of images.

    Attributes:
        name: Of the stream.
        clock: Its time.
        tracks: By id, in the order in which they came.
        info: The last FaceMeshInfo; None if there was none.
        image_whs: Sizes of images that came, with their number.
        restarts: How often the counters began anew: another process.
        filtered: How many images had filtered landmarks.
        calibrated: How many images had a camera.
    """

    def __init__(self, name: str) -> None:
        self.name, self.clock = name, StreamClock()
        self.tracks: dict[str, TrackSeries] = {}
        self.info: Any = None
        self.image_whs: dict[tuple[int, int], int] = {}
        self.filtered = self.calibrated = 0
        self.first_stamp_ns = self.last_stamp_ns = 0
        self.restarts = 0
        self._times, self._latencies = array('d'), array('f')
        self._faces = tuple(array('i') for _ in (TENTATIVE, TRACKED, COASTING))
        self._counts = {name: array('q') for name in COUNTERS}
        self._counters: dict[str, int] = {}
        self._ages: dict[str, tuple[int, int]] = {}
        self._meter, self._noise = FaceMeter(), RemainingNoise()

    def add(self, seen: SeenImage) -> None:
        """Take the next image."""
        msg, time_s = seen.msg, self.clock.at(seen.stamp_ns, seen.received_ns)
        if not self._times:
            self.first_stamp_ns = seen.stamp_ns
        self.last_stamp_ns = seen.stamp_ns
        self.info = seen.info if seen.info is not None else self.info
        image_wh = int(msg.image_width), int(msg.image_height)
        self.image_whs[image_wh] = self.image_whs.get(image_wh, 0) + 1
        self.filtered += bool(msg.filtered)
        self.calibrated += seen.camera is not None
        self._times.append(time_s)
        self._latencies.append(msg.latency)
        self._count(msg)
        for state, column in enumerate(self._faces):
            column.append(sum(face.state == state for face in msg.faces))
        for face in msg.faces:
            self._add_face(face, time_s)
        self._noise.keep({self._name_of(face) for face in msg.faces})

    def _count(self, msg: Any) -> None:
        """Note what became of images since the message before."""
        now = {name: int(getattr(msg, name)) for name in COUNTERS}
        before = self._counters or now
        is_new = any(now[name] < before[name] for name in COUNTERS)
        self.restarts += is_new
        for name in COUNTERS:
            self._counts[name].append(now[name] if is_new else now[name] - before[name])
        self._counters = now

    def _add_face(self, face: Any, time_s: float) -> None:
        name = self._name_of(face)
        track = self.tracks.setdefault(name, TrackSeries(name))
        if face.state != TRACKED or not len(face.landmarks):
            track.add(time_s, face.state, _UNKNOWN)
            return
        track.add(time_s, face.state, self._meter.measure(face, self.info))
        track.note_left(self._noise.update(name, time_s, landmarks(face)))
        track.last_box = box(face)
        if track.first_box is None:
            track.first_box = track.last_box

    def _name_of(self, face: Any) -> str:
        """Return a face's id; of a process that was started again they begin anew."""
        run, age = self._ages.get(face.id, (1, 0))
        run += face.age < age
        self._ages[face.id] = run, face.age
        return f'{face.id} ({run})' if run > 1 else str(face.id)

    @property
    def times(self) -> Float64:
        """(N,) s of all images."""
        return np.frombuffer(self._times, np.float64)

    @property
    def latencies(self) -> Float64:
        """(N,) s; NaN if unknown."""
        return np.frombuffer(self._latencies, np.float32).astype(float)

    def faces(self, state: int) -> Any:
        """Return how many faces of a state there were in each image, (N,)."""
        return np.frombuffer(self._faces[state], np.int32)

    def counted(self, counter: str) -> Any:
        """Return how many images one of COUNTERS counted before each image, (N,)."""
        return np.frombuffer(self._counts[counter], np.int64)

    @property
    def span_s(self) -> float:
        """Time from the first to the last image."""
        return float(self._times[-1]) if self._times else 0.0
