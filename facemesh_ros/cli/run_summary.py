"""Sentences of `facemesh run` about what was read and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from facemesh_ros.cli.run_sources import Work
from facemesh_ros.io import HEIC_SUFFIXES, MediaSource, SourceKind
from facemesh_ros.io.results import counted


def told_left_out(left_out: Counter[str]) -> str:
    """Say which files of folders were passed over.

    Args:
        left_out: How many of each suffix.
    """
    suffixes = (
        f'{suffix} ({count})' if count > 1 else suffix
        for suffix, count in sorted(left_out.items())
    )
    way_out = '; HEIC is to be converted to JPEG first, for instance by heif-convert'
    has_heic = any(left_out[suffix] for suffix in HEIC_SUFFIXES)
    what = f'{counted(left_out.total(), "file")} of other kinds left out: {", ".join(suffixes)}'
    return what + way_out * has_heic


def told_work(sources: Sequence[MediaSource], work: Work) -> str:
    """Say what was taken for a stream and what was not, and how much came of it.

    Args:
        sources: What was to be read.
        work: What was done with it.
    """
    rows = [source.files for source in sources if source.kind is SourceKind.SEQUENCE]
    videos = sum(source.kind is SourceKind.VIDEO for source in sources)
    alone = len(sources) - len(rows) - videos
    frames = counted(sum(map(len, rows)), 'numbered frame')
    parts = [
        f'{counted(alone, "picture")} taken one by one' * (alone > 0),
        f'{frames} {"one by one" if work.static else _as_streams(len(rows))}' * bool(rows),
        f'{counted(videos, "video")}{", its pictures one by one" * work.static}' * (videos > 0),
    ]
    failures = f', {counted(work.failed, "file")} not read to the end' * (work.failed > 0)
    what = ', '.join(filter(None, parts))
    return f'{what}: {counted(work.pictures, "image")}, {work.with_faces} with a face{failures}'


def _as_streams(rows: int) -> str:
    return 'as one stream' if rows == 1 else f'as {rows} streams'


def told_written(written: Sequence[str]) -> str:
    """Say what was written where.

    Args:
        written: What each output says of itself, empty if nothing.
    """
    parts = list(filter(None, written))
    return f'wrote {" and ".join(parts)}' * bool(parts)
