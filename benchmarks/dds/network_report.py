"""The tables of the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from dds.network_rows import FLEETS, FleetRow, JpegRow, NetworkRow
from dds.settings import RATE_HZ
from measuring.markdown import table
from measuring.report import Report

MODE = (
    f'A camera of {RATE_HZ:g} Hz and a listener in one network namespace, the node in another, '
    'each with shared memory of its own; one face, max_faces 1. Bytes are those on the wire '
    'between them, Ethernet headers and all that DDS says besides included.'
)


@dataclass(frozen=True)
class NetworkReport(Report):
    """Images over a network.

    Attributes:
        rows: Measured.
        jpegs: What pictures weigh.
        fleets: What follows for many cameras.
        silence_bytes: What both sides say to one another in a second without any image.
    """

    preface: ClassVar[dict[str, str]] = {'mode': MODE}
    rows: Sequence[NetworkRow]
    jpegs: Sequence[JpegRow]
    fleets: Sequence[FleetRow]
    silence_bytes: float

    def tables(self) -> Iterator[tuple[str, str]]:
        """Yield each table with its title."""
        yield 'Images there, landmarks back', self._measured()
        silence = f'a second without images costs {self.silence_bytes / 1e3:.1f} kB'
        title = (
            f'What the network carries, Mbit/s at {RATE_HZ:g} Hz, from the bytes above; {silence}'
        )
        yield title, self._fleets()
        yield 'JPEG weight of the test pictures, filled out to the size, kB', self._jpegs()

    def _measured(self) -> str:
        titles = ['images', 'markers', 'Fast DDS', 'sent', 'answered', 'dropped', 'lost']
        titles += ['stamp to received, ms', 'p95', 'kB per image', 'Mbit/s', 'kB back per answer']
        return table(
            titles,
            [
                [f'{row.setting.size} {row.setting.transport}']
                + ['yes' if row.setting.markers else '', row.way]
                + [str(count) for count in (row.sent, row.answered, row.dropped, row.lost)]
                + [f'{row.received.median:.1f}', f'{row.received.p95:.1f}']
                + [f'{row.there_bytes / 1e3:.1f}', f'{8 * row.there_bytes * RATE_HZ / 1e6:.1f}']
                + [f'{row.back_bytes / 1e3:.1f}']
                for row in self.rows
            ],
        )

    def _fleets(self) -> str:
        return table(
            ['what', '1 camera', *(f'{cameras} cameras' for cameras in FLEETS)],
            [
                [row.name, f'{row.by_cameras[0] / FLEETS[0]:.1f}']
                + [f'{rate:.0f}' for rate in row.by_cameras]
                for row in self.fleets
            ],
        )

    def _jpegs(self) -> str:
        return table(
            ['size', 'quality', 'pictures', 'mean', 'largest', 'Mbit/s at the mean'],
            [
                [
                    *(row.size, str(row.quality), str(row.pictures)),
                    *(f'{size / 1e3:.0f}' for size in (row.mean_bytes, row.largest_bytes)),
                    f'{8 * row.mean_bytes * RATE_HZ / 1e6:.0f}',
                ]
                for row in self.jpegs
            ],
        )
