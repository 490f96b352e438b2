"""Faces found by their size, in the annotated pictures and in composed ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from common.command import log
from composed_pictures import SIZES_PX, backgrounds, compose_picture
from ground_truth import compare_boxes
from perturbations import PERTURBATIONS, Perturbation
from recall_measurements.session import Session
from recall_measurements.size_tables import (
    COMPOSED,
    UNCHANGED,
    PictureResult,
    recall_tables,
    refinement_table,
    stream_tables,
)
from sample_pictures import Picture, rotate_picture
from systems.detectors import detecting_systems
from systems.process import System, SystemProcess


class Effort(NamedTuple):
    """Composed pictures of each size, rotations in right angles, images of a stream, and so on."""

    composed: int
    quarters: tuple[int, ...]
    stream_images: int
    perturbations: Sequence[Perturbation]


FULL = Effort(6, (1, 2, 3), 30, PERTURBATIONS)
QUICK = Effort(1, (2,), 12, PERTURBATIONS[:2])


def measure_sizes(session: Session) -> None:
    """Measure recall by size, single pictures and streams."""
    effort = QUICK if session.quick else FULL
    found = list(_results(session, effort))
    session.tables += [*recall_tables(found), *stream_tables(found)]


def measure_refinement_of_rois(session: Session) -> None:
    """Measure what the second look at a new face is worth."""
    if not session.folder:
        session.left_out.append('refinement: only the pictures of $FACEMESH_DATA have points')
        return
    effort = QUICK if session.quick else FULL
    session.tables.append(refinement_table(session.pictures, session.folder, effort.perturbations))


def _results(session: Session, effort: Effort) -> Iterator[PictureResult]:
    """Show each picture to each system that it is meant for."""
    processes = session.start(detecting_systems)
    for group, picture in _groups(session.pictures, effort):
        log(f'{group}: {picture.name}')
        for system, process in processes.items():
            if '--stream' not in system.command:
                yield _picture_result(session, process, group, picture)
            elif _is_streamed(group, system):
                yield _picture_result(session, process, group, picture, effort.stream_images)


def _is_streamed(group: str, system: System) -> bool:
    """Whether a system that tracks faces is shown a kind of picture."""
    if 'by default' in system.name:
        return group == UNCHANGED
    return group == COMPOSED or (group.startswith(COMPOSED) and 'all rotations' in system.name)


def _groups(pictures: Sequence[Picture], effort: Effort) -> Iterator[tuple[str, Picture]]:
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


def _picture_result(
    session: Session, process: SystemProcess, group: str, picture: Picture, images: int = 0
) -> PictureResult:
    """Show a picture to a system, `images` times as a stream or, with 0, once by itself."""
    block = session.show(process, picture, images)
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
