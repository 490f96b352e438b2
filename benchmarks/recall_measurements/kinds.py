"""Faces found and false ones by the kind of picture, each system by default."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from common.command import log
from common.report import Column, Row, Table
from common.timings import Block
from face_kinds import KINDS, SMALL
from face_outcomes import Outcome, outcome_of
from geometry_measurements.truth_sets import SCAN, not_here, scan_pictures, truth_folder
from ground_truth import TrueFaces
from negative_kinds import NEGATIVES
from recall_measurements.session import Session
from sample_pictures import Picture
from systems.detectors import ALL_ROTATIONS, STREAM, default_systems
from systems.process import SystemProcess

STREAM_IMAGES, QUICK_EVERY = 8, 4
# Kinds that are shown with all orientations searched, and as streams, beside those without a face.
UPRIGHT, TURNED = 'unchanged', ('on its side', 'upside down')
STREAMED = (UPRIGHT, 'behind a hand', *TURNED, *SMALL)
TITLE = (
    'Faces found by kind, of n; t: reported with the landmarks turned on the face, which counts '
    'as not found; f: false faces. Streams show each picture '
    f'{STREAM_IMAGES} times; the last image counts, false faces in any of them'
)
EMPTY_TITLE = (
    f'False faces in n pictures without a face; of streams, {STREAM_IMAGES} images of each, the '
    'most in one image'
)
SMALL_TITLE = (
    'The same, frontal faces in 1280x720 by height from brows to chin, blurred, noisy, JPEG'
)
PROFILE_TITLE = 'The same, rendered scan of one head, by the angle between face and camera'
# Of the scan: angles are grouped by so much, and brows to chin, by sellion to mouth.
STEP_DEG, FACE_BY_SELLION_TO_MOUTH = 15, 1.9


@dataclass(frozen=True)
class KindResult:
    """What a system made of all pictures of a kind."""

    kind: str
    system: str
    faces: int
    pictures: int
    outcome: Outcome


def measure_kinds(session: Session) -> None:
    """Measure the kinds that have faces."""
    kinds = {name: list(kind(session.pictures)) for name, kind in KINDS.items()}
    results = _measured(session, kinds)
    session.tables.append(_table('kinds', TITLE, results, lambda result: result.faces))


def measure_small(session: Session) -> None:
    """Measure small faces in large pictures."""
    kinds = {name: list(kind(session.pictures)) for name, kind in SMALL.items()}
    results = _measured(session, kinds)
    session.tables.append(_table('small', SMALL_TITLE, results, lambda result: result.faces))


def measure_negatives(session: Session) -> None:
    """Measure the kinds that have none."""
    kinds = {name: list(kind(session.pictures)) for name, kind in NEGATIVES.items()}
    results = _measured(session, kinds)
    session.tables.append(
        _table('negatives', EMPTY_TITLE, results, lambda result: result.pictures)
    )


def measure_profiles(session: Session) -> None:
    """Measure a rendered head by its angle."""
    folder = truth_folder(SCAN)
    if not folder:
        session.left_out.append(not_here('profile', SCAN))
        return
    kinds: dict[str, list[Picture]] = {}
    for scanned in scan_pictures(folder):
        if scanned.kind == 'g':
            angle = STEP_DEG * round(scanned.view_angle_deg / STEP_DEG)
            picture = Picture(scanned.path.stem, scanned.rgb, _scanned_face(scanned))
            kinds.setdefault(f'{angle}°', []).append(picture)
    ordered = dict(sorted(kinds.items(), key=lambda item: int(item[0][:-1])))
    results = _measured(session, ordered)
    session.tables.append(_table('profiles', PROFILE_TITLE, results, lambda one: one.faces))


def _scanned_face(scanned: Any) -> TrueFaces:
    """Return the box of a scanned face: a square around the middle of sellion and mouth."""
    points = np.stack([scanned.true.position_m, scanned.mouth_m])
    sellion, mouth = scanned.lens.camera.pixels_from_points(points)
    # Seen from the side both lie at the front edge of the face, but as far apart.
    half = FACE_BY_SELLION_TO_MOUTH * float(np.linalg.norm(mouth - sellion)) / 2
    middle = (sellion + mouth) / 2
    box = np.concatenate([middle - half, middle + half])
    return TrueFaces(box[None], np.array([2 * half]), np.zeros(1, bool))


def _measured(session: Session, kinds: Mapping[str, Sequence[Picture]]) -> list[KindResult]:
    processes = session.start(default_systems)
    results = []
    for kind, pictures in kinds.items():
        log(f'{kind}: {len(pictures)} pictures')
        chosen = pictures[:: QUICK_EVERY if session.quick else 1]
        shown = [process for process in processes.values() if _is_shown(process.name, kind)]
        results += [_of_system(session, process, kind, chosen) for process in shown if chosen]
    return results


def _is_shown(system: str, kind: str) -> bool:
    """Whether a system is shown a kind: streams and rotations where they may differ."""
    if kind in NEGATIVES:
        return not (ALL_ROTATIONS in system and STREAM in system)
    if ALL_ROTATIONS in system:
        return kind in (UPRIGHT, *TURNED)
    return STREAM not in system or kind in STREAMED


def _of_system(
    session: Session, process: SystemProcess, kind: str, pictures: Sequence[Picture]
) -> KindResult:
    images = STREAM_IMAGES if STREAM in process.name else 0
    outcomes = [
        _outcome(picture, session.show(process, picture, images, landmarks=True))
        for picture in pictures
    ]
    faces = sum(int((~picture.faces.optional).sum()) for picture in pictures)
    total = Outcome(*np.sum([(one.found, one.turned, one.false) for one in outcomes], axis=0))
    return KindResult(kind, process.name, faces, len(pictures), total)


def _outcome(picture: Picture, block: Block) -> Outcome:
    """Return what counts of a block: faces of its last image, false ones of any."""
    images = [
        outcome_of(picture, boxes, landmarks)
        for boxes, landmarks in zip(block['boxes_xyxy'], block['landmarks'], strict=True)
    ]
    return Outcome(images[-1].found, images[-1].turned, max(one.false for one in images))


def _table(
    name: str, title: str, results: Sequence[KindResult], count: Callable[[KindResult], int]
) -> Table:
    """Return a row for each kind and a column for each system."""
    systems = list(dict.fromkeys(one.system for one in results))
    columns: list[Column] = [('kind', '{kind}'), ('n', '{n}')]
    columns += [(system, f'{{{system.replace(".", " ")}}}') for system in systems]
    return Table(name, title, columns, list(_rows(results, systems, count)))


def _rows(
    results: Sequence[KindResult], systems: Sequence[str], count: Callable[[KindResult], int]
) -> Iterator[Row]:
    for kind in dict.fromkeys(one.kind for one in results):
        own = {one.system: one for one in results if one.kind == kind}
        cells = {
            system.replace('.', ' '): _cell(own[system]) if system in own else None
            for system in systems
        }
        yield {'kind': kind, 'n': count(next(iter(own.values()))), **cells}


def _cell(result: KindResult) -> str:
    one = result.outcome
    if not result.faces:
        return str(one.false)
    return ', '.join(
        [
            str(one.found),
            *[f'{one.turned} t'] * bool(one.turned),
            *[f'{one.false} f'] * bool(one.false),
        ]
    )
