"""Whole images: starts the process that measures them, and goes on behind a part that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.command import log
from common.report import Column, Table, spread_columns
from gpu_measurements.measured_process import MeasuredProcess, NoAnswerError
from gpu_measurements.time_limit import TimeLimit
from gpu_measurements.variant_rounds import ANSWER_S

SPREAD = [('n', '{ms.n}'), *spread_columns('ms', decimals=3)]
TITLES = {
    'latency': '1280x720, host bytes to host landmarks, ms',
    'host': 'Time of the host around a batch, runs and copies left out, ms',
    'faces': 'Faces of one image, ms',
    'cameras': 'Cameras at once, from the moment an image is due to its landmarks, ms',
    'bound': 'Lower bound, from what the graphs read and write',
    'memory': 'Memory while the number of faces changes, MB',
}
COLUMNS: dict[str, list[Column]] = {
    'latency': [('what', '{what}'), *SPREAD],
    'host': [('what', '{what}'), ('in', '{way}'), *SPREAD],
    'faces': [
        *(('faces', '{faces}'), *SPREAD),
        *(('each further face', '{further_ms:.4f}'), ('faces/s', '{faces_per_s:.0f}')),
    ],
    'cameras': [
        *(('what', '{what}'), ('cameras', '{cameras}'), ('Hz wanted', '{wanted_hz:.1f}')),
        *(('Hz done', '{done_hz:.1f}'), *SPREAD),
    ],
    'bound': [
        *(('graph', '{graph}'), ('batch', '{batch}'), ('kernels', '{kernels}')),
        *(
            ('MMAC', '{mmac:.1f}'),
            ('MB', '{megabytes:.1f}'),
            ('lower bound, ms', '{bound_ms:.3f}'),
        ),
    ],
    'memory': [
        *(('minutes', '{minutes:.1f}'), ('runs', '{runs}'), ('start', '{start:.0f}')),
        *(('lowest', '{lowest:.0f}'), ('highest', '{highest:.0f}'), ('end', '{end:.0f}')),
    ],
}
PARTS = tuple(TITLES)


@dataclass
class ImageParts:
    """The parts that measure whole images.

    Attributes:
        job: What their process is told, without `parts`.
        limit: Ends them.
        changed: Called after each part with its table.
        failed: Why parts are not there.
        rows: Of each part.
    """

    job: dict[str, Any]
    limit: TimeLimit
    changed: Callable[[Table], None]
    failed: list[str] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def measure(self, parts: Sequence[str] = PARTS) -> None:
        """Measure all parts; behind one that fails the others go on in a new process."""
        left = list(parts)
        while left and self.limit.left_s > 0:
            left = self._until_failure(left)
        for part in left:
            self.limit.cut(part)

    def table(self, part: str) -> Table:
        """Return the table of a part."""
        return Table(part, TITLES[part], COLUMNS[part], self.rows.get(part, []))

    def _until_failure(self, parts: list[str]) -> list[str]:
        """Measure parts in one process; returns those that are left when it fails."""
        left, what = list(parts), {**self.job, 'parts': parts}
        with MeasuredProcess('whole images', 'image_process', what) as process:
            try:
                with self.limit.part('whole images: opening'):
                    answer = process.answer(min(self.limit.left_s, self._row_s))
            except (TimeoutError, NoAnswerError) as error:
                if self.limit.left_s <= 0:
                    return left
                self._fail('whole images', error)
                return []
            while part := answer['part']:
                log(f'{part} …')
                left.remove(part)
                try:
                    with self.limit.part(part):
                        answer = self._rows(process, part)
                except TimeoutError as error:
                    if self.limit.left_s > 0:
                        self._fail(part, error)
                    else:
                        self.limit.cut(f'{part}, of which {len(self.rows[part])} rows are there')
                    return left
                except NoAnswerError as error:
                    self._fail(part, error)
                    return left
                finally:
                    if self.rows[part]:
                        self.changed(self.table(part))
        return left

    @property
    def _row_s(self) -> float:
        """How long a row may take; what says nothing then hangs."""
        return ANSWER_S + self.job['seconds'] + 60 * self.job['minutes']

    def _rows(self, process: MeasuredProcess, part: str) -> dict[str, Any]:
        """Take the rows of a part as they come; returns what says that the next one begins."""
        rows = self.rows[part] = []
        while 'row' in (answer := process.answer(min(self.limit.left_s, self._row_s))):
            rows.append(answer['row'])
        return answer

    def _fail(self, part: str, error: Exception) -> None:
        self.failed.append(f'{part}: {error}')
        log(self.failed[-1])
