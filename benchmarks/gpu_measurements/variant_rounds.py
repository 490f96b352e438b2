"""Measures all variants in turn, a block of each per round, each in a process of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from common.command import MeasurementError, log
from common.report import Column, Table, ratio_column, spread_columns
from common.timings import spread
from gpu_measurements.measured_process import MeasuredProcess, NoAnswerError
from gpu_measurements.recommendation import Measured, Workload, compared
from gpu_measurements.time_limit import TimeLimit
from gpu_measurements.variants import DEFAULT, REFERENCE, VARIANTS, Variant

from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import entry_of

# Processes that open their sessions at the same time; opening is no part of any figure.
MOST_OPENING = 4
# No block takes so long; what does not answer then hangs.
ANSWER_S = 60.0
COLUMNS: list[Column] = [
    *(('variant', '{variant}'), ('n', '{ms.n}'), *spread_columns('ms', decimals=3)),
    *(('GPU', '{gpu_ms:.3f}'), ('host', '{host_ms:.3f}')),
    ratio_column(f'by {DEFAULT.name}', 'ratio'),
    *(('px, 95 %', '{error_px[0]:.4f}'), ('px, most', '{error_px[1]:.4f}'), ('', '{note}')),
]


@dataclass(frozen=True)
class Work:
    """A kind of work that every variant does.

    Attributes:
        model: What runs.
        faces: On how many faces; a detector takes the whole image.
        samples: Timed calls of a block.
    """

    model: str
    faces: int
    samples: int

    @property
    def name(self) -> str:
        """For people."""
        if entry_of(self.model).kind is Kind.DETECTOR:
            return f'{self.model} once'
        return f'{self.model} on {self.faces} face{"s"[: self.faces > 1]}'


def works_of(model: str, batches: Iterable[int], samples: int) -> list[Work]:
    """Return the landmark model at each batch size, then the detectors."""
    found = [Work(model, faces, max(samples // (1 + faces // 8), 2)) for faces in batches]
    return [*found, *(Work(name, 1, samples) for name in ('short_range', 'full_range'))]


@dataclass
class VariantRounds:
    """All variants, and what is known of them so far.

    Attributes:
        works: What they do.
        job: What all processes are told: the scene and the landmark model.
        provider: See `Variant.choice`.
        device_id: See `Variant.choice`.
        limit: Ends it.
        results: By name of the variant.
        facts: What the first process says of device and versions.
    """

    works: Sequence[Work]
    job: dict[str, Any]
    provider: str
    device_id: int
    limit: TimeLimit
    results: dict[str, Measured] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    _processes: dict[str, MeasuredProcess] = field(default_factory=dict)

    def open(self, variants: Sequence[Variant], undo: ExitStack) -> None:
        """Open all variants, the default and the reference first.

        Raises:
            MeasurementError: If neither of these two runs; nothing else could be judged then.
        """
        first = [each for each in variants if each in (DEFAULT, REFERENCE)]
        rest = [each for each in variants if each not in first]
        with ThreadPoolExecutor(min(MOST_OPENING, os.cpu_count() or 1)) as pool:
            reasons = list(pool.map(lambda variant: self._open(variant, undo), first))
            if all(reasons):
                text = f'no GPU runs the models here, so nothing was measured: {reasons[0]}'
                raise MeasurementError(text)
            list(pool.map(lambda variant: self._open(variant, undo), rest))
        self.results = {each.name: self.results[each.name] for each in variants}

    def measure(self, rounds: int, changed: Callable[[], None]) -> None:
        """Measure round after round, every other one backwards, until the limit.

        All variants do the same work one after another, so that a slow moment hits all alike.

        Args:
            rounds: How many.
            changed: Called after each round.
        """
        for number in range(rounds):
            for work in self.works:
                # The reference is first in the first round, as all others are compared with it.
                running = sorted(self._processes, key=lambda name: name != REFERENCE.name)
                for name in running[:: -1 if number % 2 else 1]:
                    if self.limit.left_s <= 0:
                        self.limit.cut(f'rounds {number + 1} to {rounds} of the variants')
                        changed()
                        return
                    self._block(name, work)
            log(f'round {number + 1} of {rounds}: {len(self._processes)} variants')
            changed()

    def tables(self) -> Iterator[Table]:
        """Yield a table for each kind of work."""
        for work in self.works:
            rows = [self._row(name, work) for name in self.results]
            yield Table('variants', f'Variants: {work.name}, ms', COLUMNS, rows)

    def _open(self, variant: Variant, undo: ExitStack) -> str:
        """Open a variant; returns why it does not run, empty if it does."""
        choice = asdict(variant.choice(self.provider, self.device_id))
        what = {**self.job, 'choice': choice}
        measured = self.results[variant.name] = Measured()
        process = undo.enter_context(MeasuredProcess(variant.name, 'variant_process', what))
        try:
            answer = process.answer(min(self.limit.left_s, ANSWER_S))
        except (NoAnswerError, TimeoutError) as error:
            measured.failed = str(error)
            log(f'{variant.name}: {error}')
            process.close()
            return measured.failed
        log(f'{variant.name}: opened in {answer["opened_s"]:.1f} s')
        self.facts = self.facts or answer
        self._processes[variant.name] = process
        return ''

    def _block(self, name: str, work: Work) -> None:
        process, measured = self._processes[name], self.results[name]
        reference = Path(self.job['scene']) / f'{work.model} {work.faces}.npz'
        request = {'model': work.model, 'faces': work.faces, 'samples': work.samples}
        writes = name == REFERENCE.name
        process.ask(json.dumps({**request, 'reference': str(reference), 'writes': writes}))
        try:
            block = process.answer(min(self.limit.left_s, ANSWER_S))
        except TimeoutError as error:
            # At the limit it is cut, which is no fault of its own.
            if self.limit.left_s > 0:
                self._end(name, f'{work.name}: {error}')
            return
        except NoAnswerError as error:
            self._end(name, f'{work.name}: {error}')
            return
        found = measured.works.setdefault(work.name, Workload())
        found.wall_ms.append(block['wall_ms'])
        found.gpu_ms += block['gpu_ms']
        if block['error_px'] is not None:
            found.errors_px.append(tuple(block['error_px']))

    def _end(self, name: str, why: str) -> None:
        """End a variant that goes on no more; the others do."""
        self.results[name].failed = why
        self._processes.pop(name).close()
        log(f'{name}: {why}')

    def _row(self, name: str, work: Work) -> dict[str, Any]:
        variant = next(each for each in VARIANTS if each.name == name)
        measured, what = self.results[name], work.name
        note = measured.failed or ('runs as plain fp32' if self.provider == 'cpu' else '')
        empty = dict.fromkeys(('ms', 'gpu_ms', 'host_ms', 'ratio', 'error_px'))
        row = {'variant': name, 'options': variant.asks_for, 'work': what, 'note': note, **empty}
        if what not in measured.works:
            return row
        found = measured.works[what]
        ms, gpu_ms = spread(np.concatenate(found.wall_ms)), float(np.median(found.gpu_ms))
        times = {'ms': ms, 'gpu_ms': gpu_ms, 'host_ms': ms.median - gpu_ms}
        ratio = compared(self.results, what, name, DEFAULT.name)
        return {**row, **times, 'ratio': ratio, 'error_px': found.error_px}
