"""Which variant to prefer: the fastest that is right, if it is faster beyond noise.

Variants are measured in turn, a block of each per round. One is faster than another if it was so
in every round, and by more than two processes with the same settings differ in any round.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from common.timings import Durations, Ratio, ratio
from gpu_measurements.variants import AGAIN, DEFAULT, REFERENCE, VARIANTS, Variant

# Landmarks and corners of boxes, px of an image of 1280x720, from those of `REFERENCE` on the
# same crops: 95 % of them, and all. fp16 was within 0.06 and 0.2 on the pictures of
# docs/benchmarks.md, simulated; what is wrong in earnest is off by many pixels.
MOST_PX_95, MOST_PX = 0.1, 0.5
# Of two equal ones the same is faster in all of five rounds once in 16 times.
FEWEST_ROUNDS = 5
# Question, variant that answers it by yes, the one without, and which of both is the default.
QUESTIONS = (
    ('Precision', 'fp16', 'fp32', 'fp32'),
    ('Layout', 'NHWC', 'fp32', 'fp32'),
    ('Fused bias', 'NHWC + fused bias', 'NHWC', 'NHWC'),
    ('CUDA graphs', DEFAULT.name, REFERENCE.name, DEFAULT.name),
)


@dataclass
class Workload:
    """One variant at one kind of work.

    Attributes:
        wall_ms: Durations, one sequence per round.
        gpu_ms: The GPU's share of such calls.
        errors_px: 95th percentile and largest distance from the reference, one pair per round.
    """

    wall_ms: list[Durations] = field(default_factory=list)
    gpu_ms: list[float] = field(default_factory=list)
    errors_px: list[tuple[float, float]] = field(default_factory=list)

    @property
    def error_px(self) -> tuple[float, float] | None:
        """The largest of all rounds; None if it was never compared."""
        if not self.errors_px:
            return None
        p95, most = np.max(self.errors_px, axis=0).tolist()
        return p95, most


@dataclass
class Measured:
    """What is known of one variant.

    Attributes:
        failed: Why it did not run, or not to the end; empty if it did.
        works: By kind of work.
    """

    failed: str = ''
    works: dict[str, Workload] = field(default_factory=dict)

    @property
    def objection(self) -> str:
        """Why it must not be recommended, whatever its times; empty if it may."""
        if self.failed:
            return f'it failed: {self.failed}'
        for what, work in self.works.items():
            if work.error_px is None:
                return f'it was never compared with {REFERENCE.name} ({what})'
            p95, most = work.error_px
            if not (p95 <= MOST_PX_95 and most <= MOST_PX):
                return (
                    f'it is wrong: {what} {p95:.3f} px off in 95 %, {most:.3f} at most; '
                    f'allowed are {MOST_PX_95} and {MOST_PX}'
                )
        return '' if self.works else 'it was not measured'


Results = Mapping[str, Measured]


def recommendations(results: Results, works: Sequence[str]) -> list[str]:
    """Return a sentence for each question, and one that names the fastest variant."""
    return [*_answers(results, works), _fastest_sentence(results, works)]


def compared(results: Results, what: str, first: str, second: str) -> Ratio | None:
    """Compare two variants at one kind of work; None if no round has both."""
    blocks = [
        results[name].works[what].wall_ms
        if name in results and what in results[name].works
        else []
        for name in (first, second)
    ]
    rounds = min(map(len, blocks))
    if rounds == 0:
        return None
    return ratio(blocks[0][:rounds], blocks[1][:rounds])


@dataclass(frozen=True)
class Comparison:
    """One variant by another at one kind of work.

    Attributes:
        ratio: Of their times.
        noise: Of two processes with the same settings; None if that was not measured.
    """

    ratio: Ratio
    noise: Ratio | None

    @property
    def is_faster(self) -> bool:
        """Whether the first is faster beyond noise."""
        floor = min(1.0, self.noise.lowest) if self.noise else 1.0
        return self.ratio.highest < 1 and self.ratio.overall < floor

    @property
    def is_slower(self) -> bool:
        """Whether it is slower beyond noise."""
        ceiling = max(1.0, self.noise.highest) if self.noise else 1.0
        return self.ratio.lowest > 1 and self.ratio.overall > ceiling

    def __str__(self) -> str:
        ratio = self.ratio
        return f'{ratio.overall:.2f} ({ratio.lowest:.2f} to {ratio.highest:.2f})'


def comparison(results: Results, what: str, first: str, second: str) -> Comparison | None:
    """Compare two variants beside noise; None if too few rounds have both."""
    found = compared(results, what, first, second)
    if found is None or _rounds(results, what, first, second) < FEWEST_ROUNDS:
        return None
    return Comparison(found, compared(results, what, AGAIN.name, DEFAULT.name))


def _rounds(results: Results, what: str, *names: str) -> int:
    return min(len(results[name].works[what].wall_ms) for name in names)


def _answers(results: Results, works: Sequence[str]) -> Iterator[str]:
    for question, candidate, base, default in QUESTIONS:
        if candidate not in results or base not in results:
            continue
        objection = results[candidate].objection
        if objection:
            yield f'{question}: not {candidate}: {objection}.'
            continue
        if results[base].failed:
            yield f'{question}: no comparison, {base} failed: {results[base].failed}.'
            continue
        yield f'{question}: {_verdict(results, works, candidate, base, default)}.'


def _verdict(
    results: Results, works: Sequence[str], candidate: str, base: str, default: str
) -> str:
    found = {what: comparison(results, what, candidate, base) for what in works}
    known = {what: each for what, each in found.items() if each}
    if not known:
        return 'too few rounds to say'
    faster = {what: each for what, each in known.items() if each.is_faster}
    slower = {what: each for what, each in known.items() if each.is_slower}
    if not faster and not slower:
        return f'no difference beyond noise between {candidate} and {base}; {default} stays'
    advice = candidate if faster else base
    if faster and slower:
        advice = f'{candidate} for {", ".join(faster)}, and {base} for {", ".join(slower)}'
    times = ', '.join(f'{each} with {what}' for what, each in {**faster, **slower}.items())
    same = ', '.join(what for what in known if what not in faster and what not in slower)
    noise = f'; no difference beyond noise with {same}' if same else ''
    return f'prefer {advice}: {candidate} by {base} takes {times}{noise}'


def _fastest_sentence(results: Results, works: Sequence[str]) -> str:
    if DEFAULT.name not in results or results[DEFAULT.name].failed:
        return f'Fastest: no comparison, as {DEFAULT.name} did not run to the end.'
    texts = []
    for what in works:
        if comparison(results, what, DEFAULT.name, DEFAULT.name) is None:
            texts.append(f'{what}: too few rounds to say')
            continue
        best, against = fastest(results, what)
        asks = best.asks_for
        texts.append(
            f'{what}: {best.name} ({asks}), {against} by {DEFAULT.name}'
            if against
            else f'{what}: {DEFAULT.name}, as nothing is faster beyond noise'
        )
    return f'Fastest that is right: {"; ".join(texts)}.'


def fastest(results: Results, what: str) -> tuple[Variant, Comparison | None]:
    """Return the variant to prefer at one kind of work, and its time by that of `DEFAULT`.

    The time is None if nothing is faster than `DEFAULT` beyond noise. Of several that do not
    differ beyond noise from the fastest, it is the simplest.
    """
    found = {
        variant: against
        for variant in VARIANTS
        if variant.eligible
        and variant.name in results
        and not results[variant.name].objection
        and (against := comparison(results, what, variant.name, DEFAULT.name))
        and against.is_faster
    }
    if not found:
        return DEFAULT, None
    best = min(found, key=lambda variant: found[variant].ratio.overall)
    for variant, against in found.items():
        to_best = comparison(results, what, variant.name, best.name)
        if to_best and not to_best.is_slower:
            return variant, against
    return best, found[best]
