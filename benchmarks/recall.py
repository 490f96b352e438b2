"""Faces found and false ones, by size, beside MediaPipe's detectors, and the time of an image.

Each system runs in a process of its own, MediaPipe in an environment of its own, all on one core;
they take turns with every picture. Pictures come from $FACEMESH_DATA, their true faces from
test/support/faces.tsv; without it only those bundled with scikit-image are used. In composed
pictures, real faces are scaled to given sizes and put on pictures without a face.

    ./run bench recall --json FILE
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import numpy as np
from common.command import (
    ANY_CORE,
    BUNDLE,
    DATA_VARIABLE,
    MeasurementError,
    data_folder,
    log,
    pin_to_one_core,
    run_benchmark,
    scratch_folder,
)
from common.machine import conditions, cores_in_use
from common.recall_tables import (
    COMPOSED,
    UNCHANGED,
    PictureResult,
    recall_tables,
    refinement_table,
    stream_tables,
)
from common.report import Report
from composed_pictures import SIZES_PX, backgrounds, compose_picture
from ground_truth import RULE, compare_boxes
from perturbations import PERTURBATIONS, Perturbation
from sample_pictures import Picture, load_pictures, rotate_picture
from systems.detectors import detecting_systems
from systems.process import System, SystemProcess

SIZE_NOTE = 'Sizes are px from brows to chin; a face with its hair is about twice as high.'


class Effort(NamedTuple):
    """Composed pictures of each size, rotations in right angles, images of a stream, and so on."""

    composed: int
    quarters: tuple[int, ...]
    stream_images: int
    perturbations: Sequence[Perturbation]


FULL = Effort(6, (1, 2, 3), 30, PERTURBATIONS)
QUICK = Effort(1, (2,), 12, PERTURBATIONS[:2])


def measure(chosen: Namespace) -> Report:
    """Measure everything."""
    systems, left_out = detecting_systems(chosen.bundle)
    if not systems:
        raise MeasurementError('\n'.join(['nothing can run here', *left_out]))
    pin_to_one_core(chosen)
    effort, folder = QUICK if chosen.quick else FULL, data_folder()
    before = cores_in_use()
    pictures = load_pictures(folder)
    if not folder:
        left_out.append(f'all pictures but those of scikit-image: set ${DATA_VARIABLE}')
    with scratch_folder() as scratch, ExitStack() as stack:
        processes = {one: stack.enter_context(SystemProcess(one)) for one in systems}
        versions = {one.name: process.versions for one, process in processes.items()}
        found = list(results(processes, pictures, effort, Path(scratch)))
    tables = [*recall_tables(found), *stream_tables(found)]
    if folder and any(one.name.startswith('facemesh') for one in systems):
        log('ROI refinement')
        tables.append(refinement_table(pictures, folder, effort.perturbations))
    about = conditions(
        before,
        **versions,
        **{
            'measured on core': sorted(os.sched_getaffinity(0)),
            'composed': f'{effort.composed} pictures of each size, seeded',
            'streams': f'{effort.stream_images} images of each picture',
        },
    )
    return Report(f'{RULE} {SIZE_NOTE}', about, left_out, tables, {'pictures': found})


def results(
    processes: Mapping[System, SystemProcess],
    pictures: Sequence[Picture],
    effort: Effort,
    folder: Path,
) -> Iterator[PictureResult]:
    """Show each picture to each system that it is meant for."""
    for process in processes.values():
        picture_result(process, 'warm-up', pictures[0], folder)
    for group, picture in groups(pictures, effort):
        log(f'{group}: {picture.name}')
        for system, process in processes.items():
            if '--stream' not in system.command:
                yield picture_result(process, group, picture, folder)
            elif _is_streamed(group, system):
                yield picture_result(process, group, picture, folder, effort.stream_images)


def _is_streamed(group: str, system: System) -> bool:
    """Whether a system that tracks faces is shown a kind of picture."""
    if 'by default' in system.name:
        return group == UNCHANGED
    return group == COMPOSED or (group.startswith(COMPOSED) and 'all rotations' in system.name)


def groups(pictures: Sequence[Picture], effort: Effort) -> Iterator[tuple[str, Picture]]:
    """Yield all pictures, each with its kind."""
    for quarters in (0, *effort.quarters):
        group = f'{UNCHANGED}, rotated by {90 * quarters}°' if quarters else UNCHANGED
        for picture in pictures:
            yield group, rotate_picture(picture, quarters)
    for picture in backgrounds(pictures):
        yield COMPOSED, picture
    for size_px in SIZES_PX:
        for number in range(effort.composed):
            picture = compose_picture(pictures, size_px, number)
            if picture:
                yield COMPOSED, picture
                if number == 0:
                    yield f'{COMPOSED}, rotated by 180°', rotate_picture(picture, 2)


def picture_result(
    process: SystemProcess, group: str, picture: Picture, folder: Path, stream_images: int = 0
) -> PictureResult:
    """Show a picture to a system, `stream_images` times as a stream or, with 0, once by itself."""
    file = folder / 'picture.npy'
    np.save(file, picture.rgb[None])
    block = process.block(file, max(1, stream_images), stream=stream_images > 0)
    truth = picture.faces
    return PictureResult(
        process.name,
        group,
        picture.name,
        truth.sizes_px.tolist(),
        truth.optional.tolist(),
        [compare_boxes(truth, boxes) for boxes in block['boxes_xyxy']],
        block['wall_ms'],
        block['cpu_ms'],
    )


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='fewer pictures, rough figures',
            options={**BUNDLE, **ANY_CORE},
        )
    )
