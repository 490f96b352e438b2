"""The faces of a run, shown in a viewer."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.cli.seen_results import SeenResults
from facemesh_ros.io import ImageOrigin, MediaSource, SourceKind, readable_name
from facemesh_ros.types import Faces, Frame
from facemesh_ros.viz.rerun_view import RerunView

_NS_PER_S = 1_000_000_000
_MAX_PAUSE_S = 2.0


class ViewerClosedError(BaseException):
    """The user has closed the viewer: nothing is wrong, and nobody looks on.

    Like KeyboardInterrupt it is no fault of ours in a file, after which others would go on.
    """


class Pace:
    """Shows images no faster than they were taken, times a rate."""

    def __init__(self, rate: float | None) -> None:
        """Take the rate; None for no limit."""
        self._rate = rate
        self._shown_s, self._stream, self._stamp_ns = -math.inf, '', 0

    def wait(self, stream: str, stamp_ns: int) -> None:
        """Wait until the next image of a stream, with its stamp, is to be shown."""
        if self._rate is not None:
            gap_s = (stamp_ns - self._stamp_ns) / _NS_PER_S / self._rate
            if stream != self._stream or not 0 <= gap_s <= _MAX_PAUSE_S:
                gap_s = 0.0
            pause_s = self._shown_s + gap_s - time.monotonic()
            if pause_s > 0:
                time.sleep(pause_s)
            # What has come late is not caught up with in a rush.
            self._shown_s = max(self._shown_s + gap_s, time.monotonic() - gap_s)
        self._stream, self._stamp_ns = stream, stamp_ns


class ViewOutput:
    """Shows each image with its faces; a `Results`."""

    def __init__(
        self,
        view: RerunView,
        sources: Sequence[MediaSource],
        sensor: FaceSensor,
        *,
        rate: float | None = None,
        ends_with_viewer: bool = False,
    ) -> None:
        """Show in a viewer what is found in sources.

        Args:
            view: The viewer, which stays open.
            sources: All.
            sensor: What finds faces in them.
            rate: See `Pace`.
            ends_with_viewer: Whether `write` raises ViewerClosedError once nobody looks on.
        """
        self._view, self._ends = view, ends_with_viewer
        self._results = SeenResults(sensor)
        self._streams = _stream_names(sources)
        self._pace = Pace(rate)

    def __enter__(self) -> ViewOutput:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, picture: ImageOrigin, frame: Frame, faces: Faces, took_ms: float) -> None:
        """Show the faces of an image."""
        if self._view.has_ended:
            if self._ends:
                raise ViewerClosedError
            return
        stream = self._streams.get(picture.source, readable_name(picture.source))
        stream = '/'.join(filter(None, [stream, picture.topic.strip('/')]))
        self._pace.wait(stream, picture.stamp_ns)
        seen = self._results.seen(stream, picture, frame, faces)
        self._view.show(seen, {'finding the faces': took_ms})

    @property
    def written(self) -> str:
        """Empty: whoever looks on sees it."""
        return ''


def _stream_names(sources: Sequence[MediaSource]) -> dict[Path, str]:
    """Return what the stream of each file is called.

    The pictures of a folder are one stream; a single recording needs no name beside its topics.
    """
    names: dict[Path, str] = {}
    pictures = [
        file
        for source in sources
        for file in source.files
        if source.kind in (SourceKind.STILL, SourceKind.SEQUENCE)
    ]
    for source in sources:
        if source.kind is SourceKind.RECORDING and len(sources) == 1:
            names[source.files[0]] = ''
    if len(pictures) > 1:
        names.update((file, f'pictures in {readable_name(file.parent)}') for file in pictures)
    return names
