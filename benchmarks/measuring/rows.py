"""The lines of the tables, from what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measuring.contestants import Pair
from measuring.processes import Contestant
from measuring.scenes import Scene
from measuring.statistics import Ratio, Spread, ratio, spread

Block = Mapping[str, Any]
Blocks = Sequence[Block]
BlocksBySide = Mapping[Contestant, Blocks]


@dataclass(frozen=True)
class PipelineRow:
    """A side on a scene.

    Attributes:
        scene: Name of the scene.
        model: Landmark model.
        side: Name of the contestant.
        wall_ms: How long an image takes.
        cpu_ms: How much processor time it takes, median over all threads together.
        faces_found: In all timed images.
        faces_shown: As many as there are.
        ratio: Ours / peer by wall time, on our side's row.
        cpu_ratio: The same by processor time.
    """

    scene: str
    model: str
    side: str
    wall_ms: Spread
    cpu_ms: float
    faces_found: int
    faces_shown: int
    ratio: Ratio | None
    cpu_ratio: Ratio | None


@dataclass(frozen=True)
class StageRow:
    """A stage of our pipeline on a scene; `other` is what lies around the stages."""

    scene: str
    model: str
    stage: str
    wall_ms: Spread


@dataclass(frozen=True)
class StartUpRow:
    """Start of a side in a fresh process, medians in ms.

    Attributes:
        model: Landmark model.
        side: Name of the contestant.
        n: How many processes.
        python: Until Python runs the first line.
        load: Import of the packages, loading of the models.
        first_image: The first call.
        total: Median of the sums.
    """

    model: str
    side: str
    n: int
    python: float
    load: float
    first_image: float
    total: float


def pipeline_rows(scene: Scene, pair: Pair, blocks: BlocksBySide) -> Iterator[PipelineRow]:
    """Yield a row for each side of a pair."""
    for contestant in pair.contestants:
        own = blocks[contestant]
        peer = blocks[pair.peer] if pair.peer and contestant is pair.ours else None
        cpu_ms = spread(joined(own, 'cpu_ms')).median
        found = sum(joined(own, 'faces'))
        shown = scene.faces * len(joined(own, 'faces'))
        yield PipelineRow(
            scene.name,
            pair.model,
            contestant.name,
            spread(joined(own, 'wall_ms')),
            cpu_ms,
            found,
            shown,
            ratio_of_blocks(own, peer, 'wall_ms'),
            ratio_of_blocks(own, peer, 'cpu_ms'),
        )


def stage_rows(scene: Scene, pair: Pair, blocks: BlocksBySide) -> Iterator[StageRow]:
    """Yield a row for each of our stages."""
    for stage, values in stage_durations(blocks[pair.ours]).items():
        yield StageRow(scene.name, pair.model, stage, spread(values))


def start_up_row(
    pair: Pair, contestant: Contestant, starts: Sequence[tuple[float, float, float]]
) -> StartUpRow:
    """Return the row of a side from (python, load, first image) of each process, ms."""
    totals = [sum(start) for start in starts]
    parts = [spread(part).median for part in (*zip(*starts, strict=True), totals)]
    return StartUpRow(pair.model, contestant.name, len(starts), *parts)


def stage_durations(own: Blocks) -> dict[str, list[float]]:
    """Return the durations of each of our stages, and of what lies around them, `other`."""
    stages_ms = {
        stage: [value for block in own for value in block['stages_ms'][stage]]
        for stage in own[0]['stages_ms']
    }
    walls_ms = joined(own, 'wall_ms')
    stages_ms['other'] = [
        wall - sum(parts) for wall, *parts in zip(walls_ms, *stages_ms.values(), strict=True)
    ]
    return stages_ms


def joined(blocks: Blocks, name: str) -> list[Any]:
    """Return a measured quantity of all blocks."""
    return [value for block in blocks for value in block[name]]


def ratio_of_blocks(own: Blocks, peer: Blocks | None, name: str) -> Ratio | None:
    """Compare a measured quantity with the peer's, if there is one."""
    if peer is None:
        return None
    return ratio([block[name] for block in own], [block[name] for block in peer])
