"""Faces found and false ones, by size, beside MediaPipe's detectors, and what an image costs.

Each side runs in a process, and MediaPipe in an environment, of its own, all of them on one and
the same core, and every picture goes round the sides. Pictures come from $FACEMESH_DATA, whose
faces are in benchmarks/truth; without it only those that scikit-image brings are shown. On top,
real faces are brought to sizes and put on pictures without a face.

    ./run bench recall --json FILE
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

from measuring.command import command_line, compare, tell
from composed_pictures import IMAGE_WH, SIZES_PX, backgrounds, composed
from perturbations import DISTURBANCES
from measuring.finders import Finder, finders
from measuring.machine import cores_in_use, machine
from sample_pictures import Picture, pictures, turned
from measuring.processes import SideProcess
from measuring.recall_report import RecallReport
from measuring.recall_rows import RANGES, RecallRow, SizeRange, StreamRow, recall_row, stream_row
from refinement_accuracy import measured_second_look
from measuring.sightings import Sighting, sighting

DATA_VARIABLE = 'FACEMESH_DATA'
AS_THEY_ARE = 'Pictures'
COMPOSED = f'Composed pictures, {IMAGE_WH[0]}x{IMAGE_WH[1]}'
EMPTY = 'no face'
EXACT_SIZES = [SizeRange(str(size_px), size_px, size_px + 1) for size_px in SIZES_PX]


@dataclass(frozen=True)
class Effort:
    """How much is shown.

    Attributes:
        composed: Pictures composed of each size.
        quarters: By how many right angles pictures are turned.
        stream_images: How often a picture of a stream is shown.
        disturbances: In how many a second look is measured.
    """

    composed: int
    quarters: tuple[int, ...]
    stream_images: int
    disturbances: int


FULL = Effort(composed=6, quarters=(1, 2, 3), stream_images=30, disturbances=len(DISTURBANCES))
QUICK = Effort(composed=1, quarters=(2,), stream_images=12, disturbances=2)


def main() -> int:
    """Measure and print; 1 if nothing can run or a side does not."""
    return compare(command_line(__doc__, 'fewer pictures, rough figures'), finders, measured)


def measured(found: Sequence[Finder], left_out: list[str], quick: bool) -> RecallReport:
    """Measure everything."""
    effort = QUICK if quick else FULL
    busy = [cores_in_use()]
    folder = os.environ.get(DATA_VARIABLE)
    shown = pictures(Path(folder) if folder else None)
    if not folder:
        left_out = [*left_out, f'all pictures but those of scikit-image: set ${DATA_VARIABLE}']
    with tempfile.TemporaryDirectory(prefix='facemesh-bench-') as scratch, ExitStack() as stack:
        sides = {one: stack.enter_context(SideProcess(one.contestant)) for one in found}
        versions = {one.name: side.versions for one, side in sides.items()}
        seen = list(sightings(sides, shown, effort, Path(scratch)))
    second_look = None
    if folder and any(one.name.startswith('facemesh') for one in found):
        tell('second look')
        disturbances = DISTURBANCES[: effort.disturbances]
        second_look = measured_second_look(shown, Path(folder), disturbances)
    about = {
        **machine(),
        **versions,
        'measured on core': sorted(os.sched_getaffinity(0)),
        'cores in use before and after': [*busy, cores_in_use()],
        'composed': f'{effort.composed} pictures of each size, seeded',
        'streams': f'{effort.stream_images} images of each picture',
    }
    recall = list(recall_rows(found, [one for one in seen if len(one.looks) == 1]))
    streamed = [one for one in seen if len(one.looks) > 1]
    streams = list(stream_rows(found, [one for one in streamed if one.group != AS_THEY_ARE]))
    recall += recall_rows(found, [_at_last(one) for one in streamed if one.group == AS_THEY_ARE])
    return RecallReport(about, left_out, recall, streams, second_look, seen)


def sightings(
    sides: dict[Finder, SideProcess], shown: Sequence[Picture], effort: Effort, folder: Path
) -> Iterator[Sighting]:
    """Show each picture to each side that it is for."""
    for side in sides.values():
        sighting(side, 'warm-up', shown[0], folder)
    for group, picture in groups(shown, effort):
        tell(f'{group}: {picture.name}')
        for finder, side in sides.items():
            if not finder.stream:
                yield sighting(side, group, picture, folder)
            elif _is_streamed(group, finder):
                yield sighting(side, group, picture, folder, effort.stream_images)


def _is_streamed(group: str, finder: Finder) -> bool:
    """Tell which pictures a finder that follows faces is shown, again and again."""
    if finder.by_default:
        return group == AS_THEY_ARE
    return group.startswith(COMPOSED) and (finder.rotations or group == COMPOSED)


def _at_last(streamed: Sighting) -> Sighting:
    """Return what the last image of a stream showed."""
    group = f'{streamed.group}, image {len(streamed.looks)} of a stream that shows each of them'
    return replace(streamed, group=group, looks=streamed.looks[-1:])


def groups(shown: Sequence[Picture], effort: Effort) -> Iterator[tuple[str, Picture]]:
    """Yield all pictures, each with the kind it is of."""
    for quarters in (0, *effort.quarters):
        group = f'{AS_THEY_ARE}, turned by {90 * quarters}°' if quarters else AS_THEY_ARE
        for picture in shown:
            yield group, turned(picture, quarters)
    for picture in backgrounds(shown):
        yield COMPOSED, picture
    for size_px in SIZES_PX:
        for number in range(effort.composed):
            picture = composed(shown, size_px, number)
            if picture:
                yield COMPOSED, picture
                if number == 0:
                    yield f'{COMPOSED}, turned by 180°', turned(picture, 2)


def recall_rows(found: Sequence[Finder], seen: Sequence[Sighting]) -> Iterator[RecallRow]:
    """Yield a row for each side on each kind of picture."""
    for group in dict.fromkeys(one.group for one in seen):
        ranges = EXACT_SIZES if group.startswith(COMPOSED) else RANGES
        for finder in found:
            own = [one for one in seen if (one.group, one.side) == (group, finder.name)]
            if own:
                yield recall_row(own, ranges)


def stream_rows(found: Sequence[Finder], seen: Sequence[Sighting]) -> Iterator[StreamRow]:
    """Yield a row for each side, kind of picture and size of face."""
    for group in dict.fromkeys(one.group for one in seen):
        for finder in found:
            by_size: dict[str, list[Sighting]] = {}
            for one in seen:
                if (one.group, one.side) == (group, finder.name):
                    size = f'{one.sizes_px[0]:g}' if one.sizes_px else EMPTY
                    by_size.setdefault(size, []).append(one)
            for size, own in by_size.items():
                yield stream_row(own, size)


if __name__ == '__main__':
    sys.exit(main())
