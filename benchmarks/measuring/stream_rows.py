"""The lines of the tables of streams, from what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measuring.processes import Contestant
from measuring.rows import Block, Blocks, joined, ratio_of_blocks, stage_durations
from measuring.statistics import Ratio, Spread, spread
from measuring.stream_contestants import Race
from measuring.stream_scenes import StreamScene

BlocksBySide = Mapping[Contestant, Sequence[Block]]


@dataclass(frozen=True)
class StreamRow:
    """A side on a stream.

    Attributes:
        scene: Name of the scene.
        model: Landmark model.
        setting: What is particular.
        side: Name of the contestant.
        wall_ms: How long an image takes.
        cpu_ms: How much processor time it takes, median over all threads together.
        faces_found: In all timed images.
        faces_shown: As many as there are.
        peak_mib: Most memory that its process has held.
        ratio: Ours / peer by wall time, on our side's row.
        cpu_ratio: The same by processor time.
        stages_ms: Median of each of our stages; empty for peers.
    """

    scene: str
    model: str
    setting: str
    side: str
    wall_ms: Spread
    cpu_ms: float
    faces_found: int
    faces_shown: int
    peak_mib: float
    ratio: Ratio | None
    cpu_ratio: Ratio | None
    stages_ms: dict[str, float]

    @property
    def faces_per_s(self) -> float:
        """How many faces are followed in a second, one image after the other."""
        return 1e3 * self.faces_found / self.wall_ms.n / self.wall_ms.median

    @property
    def race(self) -> tuple[str, str, str]:
        """What the row shares with those of the other sides."""
        return self.scene, self.model, self.setting


def stream_rows(scene: StreamScene, race: Race, blocks: BlocksBySide) -> Iterator[StreamRow]:
    """Yield a row for each side of a race."""
    for contestant in race.contestants:
        own = blocks[contestant]
        peer = blocks[race.peer] if race.peer and contestant is not race.peer else None
        yield StreamRow(
            scene=scene.name,
            model=race.model,
            setting=race.setting,
            side=contestant.name,
            wall_ms=spread(joined(own, 'wall_ms')),
            cpu_ms=spread(joined(own, 'cpu_ms')).median,
            faces_found=sum(joined(own, 'faces')),
            faces_shown=scene.faces * len(joined(own, 'faces')),
            peak_mib=max(block['peak_mib'] for block in own),
            ratio=ratio_of_blocks(own, peer, 'wall_ms'),
            cpu_ratio=ratio_of_blocks(own, peer, 'cpu_ms'),
            stages_ms=_stage_medians(own),
        )


def _stage_medians(own: Blocks) -> dict[str, float]:
    if not own[0]['stages_ms']:
        return {}
    durations: dict[str, Any] = stage_durations(own)
    return {stage: spread(values).median for stage, values in durations.items()}
