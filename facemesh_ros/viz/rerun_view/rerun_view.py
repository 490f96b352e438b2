"""The viewer: takes what was seen and shows it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from facemesh_ros.errors import in_one_line
from facemesh_ros.viz.rerun_view.blueprint import layout_of, log_texts
from facemesh_ros.viz.rerun_view.branch import readable
from facemesh_ros.viz.rerun_view.sdk import ViewerError, rerun_sdk
from facemesh_ros.viz.rerun_view.stream_log import StreamLog
from facemesh_ros.viz.rerun_view.view_target import ViewTarget
from facemesh_ros.viz.rerun_view.viewers import start_viewer
from facemesh_ros.viz.seen_image import SeenImage

_APPLICATION = 'facemesh'


def say(sentence: str) -> None:
    """Print a sentence for the user."""
    print(f'facemesh: {sentence}', file=sys.stderr, flush=True)


class RerunView:
    """Shows images and faces of any number of streams in Rerun; a context manager.

    Its methods are called from one thread.

    Example:
        >>> with RerunView(ViewTarget(Place.WEB)) as view:  # doctest: +SKIP
        ...     for seen in images:
        ...         if view.has_ended:
        ...             break
        ...         view.show(seen)
    """

    def __init__(
        self,
        target: ViewTarget,
        *,
        is_live: bool = False,
        tell: Callable[[str], None] = say,
    ) -> None:
        """Start the viewer.

        Args:
            target: Where to show.
            is_live: Whether images come as they are taken, without an end: the viewer then keeps
                the last minutes, and follows the newest.
            tell: Is given a sentence for the user: where to look.

        Raises:
            ViewerError: If there is no viewer, or it cannot be started.
        """
        self._rr, self._is_live, self._tell = rerun_sdk(), is_live, tell
        self._streams: dict[str, StreamLog] = {}
        self._layout: object = None
        self._recording = self._rr.RecordingStream(_APPLICATION)
        self._viewer = start_viewer(target, tell, is_live=is_live)
        try:
            self._begin(target.save)
        except BaseException:
            self.close()
            raise

    def _begin(self, save: Path | None) -> None:
        sinks = []
        if self._viewer is not None:
            sinks.append(self._rr.GrpcSink(self._viewer.url))
        if save is not None:
            sinks.append(self._rr.FileSink(save))
        try:
            self._recording.set_sinks(*sinks)
        except RuntimeError as error:
            raise ViewerError(f'{save} cannot be written: {in_one_line(error)}') from error
        log_texts(self._rr, self._recording)

    def __enter__(self) -> RerunView:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def has_ended(self) -> bool:
        """Whether the user has closed the viewer's window: nobody sees what is shown."""
        return self._viewer is not None and self._viewer.has_ended

    @property
    def is_open(self) -> bool:
        """Whether somebody may look on."""
        return self._viewer is not None and not self._viewer.has_ended

    def show(self, seen: SeenImage, times_ms: Mapping[str, float] | None = None) -> None:
        """Show an image and the faces in it; those that are not in it disappear.

        Args:
            seen: The image; without pixels and camera the rest is shown.
            times_ms: More times for the plot of the latency, by name, such as those of stages.
        """
        stream = self._streams.get(seen.stream)
        if stream is None:
            root = self._root_of(seen.stream)
            stream = StreamLog(self._rr, self._recording, root, is_live=self._is_live)
            self._streams[seen.stream] = stream
        stream.show(seen, times_ms or {})
        layout = [
            (name, it.has_space, it.has_times, it.timeline) for name, it in self._streams.items()
        ]
        if layout != self._layout:
            self._layout = layout
            streams = list(self._streams.items())
            shown = layout_of(self._rr, streams, is_live=self._is_live)
            self._rr.send_blueprint(shown, recording=self._recording)

    def close(self) -> None:
        """Write what is left and end the viewer; raises ViewerError if not all could be."""
        try:
            self._recording.flush()
        except Exception as error:  # Rerun's are of no kind of their own
            if not self.has_ended:  # there was nobody left to take it
                raise ViewerError(f'not all was shown: {in_one_line(error)}') from error
        self._recording.disconnect()
        if self._viewer is not None:
            self._viewer.close()

    def _root_of(self, stream: str) -> str:
        parts = [readable(part) for part in stream.split('/') if part] or ['camera']
        return str(self._rr.new_entity_path(parts))


class SavedView:
    """Shows files that a RerunView has saved; a context manager."""

    def __init__(
        self, target: ViewTarget, paths: Sequence[Path], tell: Callable[[str], None] = say
    ) -> None:
        """Start the viewer with the files; raises ViewerError if it cannot be started."""
        self._viewer = start_viewer(target, tell, files=paths)

    def __enter__(self) -> SavedView:
        return self

    def __exit__(self, *_: object) -> None:
        if self._viewer is not None:
            self._viewer.close()

    @property
    def is_open(self) -> bool:
        """Whether somebody may look on."""
        return self._viewer is not None and not self._viewer.has_ended
