"""Shows recordings that hold the faces of a node, as they were recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from facemesh_ros.cli.run_progress import print_error
from facemesh_ros.cli.view_output import Pace, ViewerClosedError
from facemesh_ros.io import SourceKind, UnreadableError, find_media, readable_name
from facemesh_ros.io.recordings.face_topics import FaceTopics, face_topics_in
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.io.recordings.recorded_faces import recorded_faces
from facemesh_ros.io.recordings.recorded_images import DamagedImage
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.io.results import counted
from facemesh_ros.viz.rerun_view import RerunView


def with_faces(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the recordings among paths that hold faces, and what is left of the paths."""
    sources = find_media(paths).sources
    recorded = [
        source.files[0]
        for source in sources
        if source.kind is SourceKind.RECORDING and _has_faces(source.files[0])
    ]
    if not recorded:
        return [], list(paths)
    others = [file for source in sources for file in source.files if file not in recorded]
    # What cannot be read, or is nothing, is told with the others.
    found = [path for path in paths if path not in recorded and path not in others]
    return recorded, [*others, *(path for path in found if not path.is_dir())]


def _has_faces(path: Path) -> bool:
    with suppress(UnreadableError), Recording(path) as recording:
        return bool(face_topics_in(recording, message_store()))
    return False


def show_recorded(
    view: RerunView, paths: Sequence[Path], topics: Collection[str], rate: float | None
) -> int:
    """Show recordings one after the other.

    Args:
        view: Where.
        paths: The recordings.
        topics: Of images or of faces that are wanted; none for all.
        rate: See `Pace`.

    Returns:
        The exit status: 1 if one of them could not be read to its end.

    Raises:
        ViewerClosedError: If nobody looks on any more.
    """
    pace, status = Pace(rate), 0
    for path in paths:
        prefix = f'{readable_name(path)}/' if len(paths) > 1 else ''
        try:
            with Recording(path) as recording:
                chosen = _chosen(recording, topics)
                problems = _show(view, recording, chosen, prefix, pace)
        except UnreadableError as error:
            problems = [str(error)]
        for problem in problems:
            print_error(Console(stderr=True), problem)
            status = 1
    return status


def _chosen(recording: Recording, topics: Collection[str]) -> list[FaceTopics]:
    found = face_topics_in(recording, message_store())
    chosen = [it for it in found if not topics or {it.stream, it.landmarks.name} & {*topics}]
    if not chosen:
        names = ', '.join(it.landmarks.name for it in found)
        raise UnreadableError(
            f'{readable_name(recording.path)} has no such topic of faces; it has {names}'
        )
    return chosen


def _show(
    view: RerunView, recording: Recording, topics: Sequence[FaceTopics], prefix: str, pace: Pace
) -> list[str]:
    """Show a recording and return what could not be read of it."""
    damaged: Counter[DamagedImage] = Counter()
    errors = []
    try:
        for seen in recorded_faces(recording, topics, message_store(), with_images=True):
            if isinstance(seen, DamagedImage):
                damaged[seen] += 1
                continue
            if view.has_ended:
                raise ViewerClosedError
            named = replace(seen, stream=prefix + seen.stream.lstrip('/'))
            pace.wait(named.stream, seen.stamp_ns)
            view.show(named)
    except UnreadableError as error:
        errors.append(str(error))
    name = readable_name(recording.path)
    return errors + [
        f'{name}: {counted(count, "message")} on {topic}: {reason}'
        for (topic, reason), count in damaged.items()
    ]
