"""Summary sentences of `facemesh run`: what was left out, processed and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from facemesh_ros.cli.run_sources import FileProcessor
from facemesh_ros.io import HEIC_SUFFIXES, MediaSource, SourceKind
from facemesh_ros.io.results import counted


def left_out_sentence(left_out: Counter[str]) -> str:
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


def processed_sentence(
    sources: Sequence[MediaSource], processor: FileProcessor, *, is_static: bool
) -> str:
    """Return what was processed as a stream, what picture by picture, and the counts.

    Args:
        sources: All inputs.
        processor: Has processed them.
        is_static: Whether every picture was processed independently.
    """
    sequences = [source.files for source in sources if source.kind is SourceKind.SEQUENCE]
    videos = sum(source.kind is SourceKind.VIDEO for source in sources)
    recordings = sum(source.kind is SourceKind.RECORDING for source in sources)
    alone = len(sources) - len(sequences) - videos - recordings
    frames = counted(sum(map(len, sequences)), 'numbered frame')
    parts = [
        f'{counted(alone, "picture")} taken one by one' * (alone > 0),
        f'{frames} {"one by one" if is_static else _as_streams(len(sequences))}' * bool(sequences),
        f'{counted(videos, "video")}{", its pictures one by one" * is_static}' * (videos > 0),
        f'{counted(recordings, "recording")}{", its pictures one by one" * is_static}'
        * (recordings > 0),
    ]
    failures = f', {counted(processor.state.failed, "file")} not read to the end' * (
        processor.state.failed > 0
    )
    before = f' ({counted(processor.skipped, "file")} done before)' * (processor.skipped > 0)
    what = ', '.join(filter(None, parts)) + before
    images = counted(processor.state.images, 'image')
    return f'{what}: {images}, {processor.state.with_faces} with a face{failures}'


def _as_streams(sequences: int) -> str:
    return 'as one stream' if sequences == 1 else f'as {sequences} streams'


def written_sentence(written: Sequence[str]) -> str:
    """Return what was written where.

    Args:
        written: Per output what it wrote, empty if nothing.
    """
    parts = list(filter(None, written))
    return f'wrote {" and ".join(parts)}' * bool(parts)
