"""Tables of recall by size: faces found, and false ones, from the results of each picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from annotated_points import MESH_OF_POINT
from common.report import Table
from common.timings import spread
from composed_pictures import IMAGE_WH, SIZES_PX
from ground_truth import Comparison
from perturbations import Perturbation
from refinement_accuracy import CONVERGED_RUNS, measure_refinement
from sample_pictures import Picture

UNCHANGED = 'Pictures'
COMPOSED = f'Composed pictures, {IMAGE_WH[0]}x{IMAGE_WH[1]}'
EMPTY = 'no face'
WITHIN_IMAGES = 10
# Columns of faces by size: name, lowest size, and the size that is too large.
RANGES = [
    ('under 20', 0, 20),
    ('20 to 32', 20, 32),
    ('32 to 48', 32, 48),
    ('48 to 80', 48, 80),
    ('80 and more', 80, inf),
]
EXACT_SIZES = [(str(size_px), size_px, size_px + 1) for size_px in SIZES_PX]
COSTS = [
    *(('ms', '{wall.median:.1f}'), ('p95', '{wall.p95:.1f}'), ('largest', '{wall.largest:.1f}')),
    *(('CPU ms', '{cpu.median:.1f}'), ('p95', '{cpu.p95:.1f}'), ('largest', '{cpu.largest:.1f}')),
]
STREAMS = [
    *(('system', '{system}'), ('face px', '{size}'), ('faces', '{faces}')),
    *(('in image 1', '{at_once}'), (f'within {WITHIN_IMAGES}', '{soon}'), ('ever', '{ever}')),
    *(('median image', '{median_image}'), ('last image', '{last_image}')),
    ('false per image', '{false_per_image:.2f}'),
    *COSTS,
]
REFINEMENT = [
    *(('distance', '{distance}'), ('landmark model', '{runs}'), ('n', '{n}')),
    *(('mean', '{mean:.2f}'), ('median', '{median:.2f}'), ('p95', '{p95:.2f}')),
    ('closer than unrefined', '{closer:.0%}'),
]


@dataclass(frozen=True)
class PictureResult:
    """What a system found in a picture, once or in each image of a stream.

    `group` is the kind of picture; `sizes_px` and `optional` are of each true face, `images`,
    `wall_ms` and `cpu_ms` (all threads together) of each image.
    """

    system: str
    group: str
    picture: str
    sizes_px: list[float]
    optional: list[bool]
    images: list[Comparison]
    wall_ms: list[float]
    cpu_ms: list[float]


def recall_tables(results: Sequence[PictureResult]) -> Iterator[Table]:
    """Yield a table for each kind of picture; of streams of all pictures, the last image."""
    last = [
        replace(
            one,
            group=f'{one.group}, image {len(one.images)} of a stream of each picture',
            images=one.images[-1:],
            wall_ms=one.wall_ms[-1:],
            cpu_ms=one.cpu_ms[-1:],
        )
        for one in results
        if len(one.images) > 1 and one.group == UNCHANGED
    ]
    for group, by_system in _grouped([*(r for r in results if len(r.images) == 1), *last]):
        ranges = EXACT_SIZES if group.startswith(COMPOSED) else RANGES
        rows = [_recall_row(own, ranges) for own in by_system.values()]
        there = [name for name, _, _ in ranges if rows[0][f'px {name}'] is not None]
        columns = [
            ('system', '{system}'),
            *((name, f'{{px {name}}}') for name in there),
            *(('all', '{all}'), ('recall', '{recall:.1f} %'), ('false', '{false_faces}')),
            *(('per picture', '{false_per_picture:.2f}'), ('in empty ones', '{in_empty}')),
            *(column for column in COSTS if column[0] != 'largest'),
        ]
        yield Table('recall', f'{group}, faces found', columns, rows)


def _grouped(
    results: Sequence[PictureResult],
) -> Iterator[tuple[str, dict[str, list[PictureResult]]]]:
    """Yield each kind of picture with its results by system."""
    for group in dict.fromkeys(one.group for one in results):
        by_system: dict[str, list[PictureResult]] = {}
        for one in results:
            if one.group == group:
                by_system.setdefault(one.system, []).append(one)
        yield group, by_system


def _recall_row(own: Sequence[PictureResult], ranges: Sequence[tuple]) -> dict[str, Any]:
    faces = [face for one in own for face in _required_faces(one)]
    empty = [one for one in own if not one.sizes_px]
    by_size = {
        f'px {name}': _share([found for size, found in faces if low <= size < high])
        for name, low, high in ranges
    }
    found = [found for _, found in faces]
    return {
        'system': own[0].system,
        'group': own[0].group,
        **by_size,
        'all': _share(found),
        'recall': 100 * float(np.mean(found)) if found else None,
        'false_faces': _false_faces(own),
        'false_per_picture': _false_faces(own) / len(own),
        'in_empty': f'{_false_faces(empty)} in {len(empty)}',
        **_costs(own),
    }


def _required_faces(result: PictureResult) -> Iterator[tuple[float, bool]]:
    """Yield size of each face that should be found, and whether it was, in the last image."""
    found = result.images[-1].found
    for size, hit, optional in zip(result.sizes_px, found, result.optional, strict=True):
        if not optional:
            yield size, hit


def _share(found: Sequence[bool]) -> str | None:
    return f'{sum(found)} of {len(found)}' if found else None


def _false_faces(results: Sequence[PictureResult]) -> int:
    return sum(len(image.false_boxes) for one in results for image in one.images)


def _costs(results: Sequence[PictureResult]) -> dict[str, Any]:
    walls, cpus = ([one.wall_ms for one in results], [one.cpu_ms for one in results])
    return {'wall': spread(np.concatenate(walls)), 'cpu': spread(np.concatenate(cpus))}


def stream_tables(results: Sequence[PictureResult]) -> Iterator[Table]:
    """Yield a table for each kind of picture shown as a stream, a row for each face size."""
    streamed = [one for one in results if len(one.images) > 1 and one.group != UNCHANGED]
    for group, by_system in _grouped(streamed):
        rows = []
        for own in by_system.values():
            by_size: dict[str, list[PictureResult]] = {}
            for one in own:
                size = f'{one.sizes_px[0]:g}' if one.sizes_px else EMPTY
                by_size.setdefault(size, []).append(one)
            rows += [_stream_row(of_size, size) for size, of_size in by_size.items()]
        yield Table('streams', f'{group}, as streams of each picture', STREAMS, rows)


def _stream_row(own: Sequence[PictureResult], size: str) -> dict[str, Any]:
    firsts = sorted(first for one in own for first in _first_images(one))
    found = [int(first) for first in firsts if first < inf]
    half = firsts[(len(firsts) - 1) // 2] if firsts else inf
    return {
        'system': own[0].system,
        'group': own[0].group,
        'size': size,
        'faces': len(firsts),
        'at_once': sum(first == 1 for first in found),
        'soon': sum(first <= WITHIN_IMAGES for first in found),
        'ever': len(found),
        'median_image': int(half) if half < inf else None,
        'last_image': found[-1] if found else None,
        'false_per_image': _false_faces(own) / sum(len(one.images) for one in own),
        **_costs(own),
    }


def _first_images(result: PictureResult) -> Iterator[float]:
    """Yield the image, from 1, in which each face was found first; infinity if never."""
    for face in range(len(result.sizes_px)):
        found = [image.found[face] for image in result.images]
        yield found.index(True) + 1 if True in found else inf


def refinement_table(
    pictures: Sequence[Picture], folder: Path, perturbations: Sequence[Perturbation]
) -> Table:
    """Measure how much ROI refinement improves the landmarks of new faces."""
    result = measure_refinement(pictures, folder, perturbations)
    errors = np.array([face.errors for face in result.faces if face.errors])
    distances = np.array([face.distances for face in result.faces])
    rows = []
    for distance, values in (
        (f'from {len(MESH_OF_POINT)} annotated points', errors),
        (f'from the landmarks after {CONVERGED_RUNS} runs', distances),
    ):
        for index, runs in enumerate(('run once', 'refined: run twice')) if len(values) else ():
            own = values[:, index]
            closer = float((values[:, 1] < values[:, 0]).mean()) if index else None
            names = {'distance': distance, 'runs': runs, 'n': len(own), 'closer': closer}
            median, p95 = np.percentile(own, (50, 95)).tolist()
            rows.append({**names, 'mean': float(own.mean()), 'median': median, 'p95': p95})
    title = (
        f'ROI refinement, each face in {len(perturbations)} perturbations of its picture, % of the'
        f' distance between the outer corners of the eyes; a run takes {result.run_ms:.1f} ms'
    )
    return Table('refinement', title, REFINEMENT, rows)
