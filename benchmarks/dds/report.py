"""The tables of the node through ROS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from dds.goals import goal_lines
from dds.rows import RosRow
from dds.settings import RATE_HZ
from measuring.markdown import table
from measuring.report import Report
from measuring.statistics import Spread

MODE = (
    f'Cameras of {RATE_HZ:g} Hz, nodes and a listener are processes; images and landmarks go '
    'through DDS. The nodes run with all their defaults on one core, all others on another.'
)
STAGES = (
    'decode', 'detect', 'landmarks', 'filter', 'blendshapes', 'publish', 'markers', 'other',
)  # fmt: skip


@dataclass(frozen=True)
class RosReport(Report):
    """The node, measured from outside.

    Attributes:
        rows: One for each setting.
        starts_s: From the start of a node to its first landmarks, s.
    """

    preface: ClassVar[dict[str, str]] = {'mode': MODE}
    rows: Sequence[RosRow]
    starts_s: Sequence[float]

    def tables(self) -> Iterator[tuple[str, str]]:
        """Yield each table with its title."""
        yield 'From the stamp of an image until its landmarks are out, ms', self._latencies()
        yield "An image in the node's thread, medians in ms", self._work()
        yield 'Goals', table(*goal_lines(self.rows, self.starts_s))

    def _latencies(self) -> str:
        spreads = ['median', 'p95', 'p99']
        titles = [
            'cameras',
            'nodes',
            'images',
            'particular',
            *(f'published, {p}' for p in spreads),
        ]
        titles += [f'received, {p}' for p in spreads]
        titles += ['n', 'Hz', 'sent', 'dropped', 'lost', 'CPU ms', 'MiB', 'shared']
        return table(titles, [self._latency(row) for row in self.rows])

    def _latency(self, row: RosRow) -> list[str]:
        slowest, quickest = row.rates_hz
        return [
            *setting_cells(row),
            *figures(row.published),
            *figures(row.received),
            str(row.received.n),
            f'{slowest:.1f}' if row.setting.cameras == 1 else f'{slowest:.1f} to {quickest:.1f}',
            *map(str, (row.sent, row.dropped, row.lost)),
            f'{row.cpu_ms:.1f}',
            f'{row.memory.peak:.0f}',
            f'{row.memory.shared:.0f}',
        ]

    def _work(self) -> str:
        titles = [
            'cameras',
            'nodes',
            'images',
            'particular',
            'way in',
            'image',
            'networks',
            'rest',
        ]
        return table([*titles, 'rest, CPU', *STAGES], [self._work_of(row) for row in self.rows])

    def _work_of(self, row: RosRow) -> list[str]:
        work = row.work
        totals = (work.image, work.networks, work.rest, work.rest_cpu)
        stages = (work.stages.get(stage) for stage in STAGES)
        # Of several cameras' images some wait for their turn.
        way_in = f'{row.published.median - work.image:.1f}' if row.setting.cameras == 1 else ''
        return [
            *setting_cells(row),
            way_in,
            *(f'{ms:.2f}' for ms in totals),
            *('' if ms is None else f'{ms:.2f}' for ms in stages),
        ]


def setting_cells(row: RosRow) -> list[str]:
    """Return what a row is about."""
    setting = row.setting
    particular = 'markers' if setting.markers else ''
    particular += f'max_faces {setting.max_faces}' if setting.max_faces else ''
    images = f'{setting.size} {setting.transport}'
    return [str(setting.cameras), str(setting.nodes), images, particular]


def figures(times: Spread) -> list[str]:
    """Return the columns of a duration."""
    return [f'{ms:.1f}' for ms in (times.median, times.p95, times.p99)]
