"""What a soak has shown: each bound held, broken or not decided, in a table and in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from soak_measurements.bounds import BOUNDS, STEADY_PHASE, WARM_UP_CYCLES, Bound
from soak_measurements.trend import Trend, trend_of

Records = Mapping[str, np.ndarray]
HOUR_S = 3600.0
HELD, BROKEN, OPEN = 'held', 'BROKEN', 'not decided'
# With fewer cycles after the warm-up nothing is said of a trend.
MIN_CYCLES = 3
# Others took the cores if the node waited for one so many times longer than at first.
LESS_TIME = 1.25
LEVELS = ('ERROR', 'FATAL')
# The scenario's own doing: see `cycle.REFUSED`.
PROVOKED = re.compile(r"image on \S+ failed: image encoding '(32FC1|nonsense)'")
_LOG_LINE = re.compile(r'^\[(\w+)\] \[[\d.]+\] \[[^]]*\]: (.*)')
SHOWN_LINES = 5


@dataclass(frozen=True)
class Finding:
    """One line of the verdict.

    Attributes:
        title: What was looked at.
        first: In the first third of the run.
        last: In its last third.
        change: Per hour with its 95 % interval.
        bound: What was allowed.
        verdict: HELD, BROKEN or OPEN.
        why: Reason of the bound, or what was found.
    """

    title: str
    first: str
    last: str
    change: str
    bound: str
    verdict: str
    why: str


def findings_of(records: Records, log: Path) -> list[Finding]:
    """Return everything that is judged, what there were no values for left out."""
    trends = [_growth(bound, *cycle_values(bound, records)) for bound in BOUNDS]
    judged = [_of_the_machine(one, records) for one in trends if one]
    return [*judged, _balance(records['balances']), _log_finding(log)]


def cycle_values(bound: Bound, records: Records) -> tuple[np.ndarray, np.ndarray]:
    """Return the time in s and the value of each whole cycle, after the warm-up."""
    table = records[bound.table]
    whole = np.unique(records['balances']['cycle'])[WARM_UP_CYCLES:]
    steady = table[(table['phase'] == STEADY_PHASE) & np.isfinite(table[bound.column])]
    chosen = [steady[steady['cycle'] == cycle] for cycle in whole]
    chosen = [rows for rows in chosen if len(rows)]
    times = [float(np.mean(rows['s'])) for rows in chosen]
    return np.array(times), np.array([bound.of_cycle(rows[bound.column]) for rows in chosen])


def _growth(bound: Bound, times_s: np.ndarray, values: np.ndarray) -> Finding | None:
    """Judge the trend of a quantity; None if there are too few values."""
    if len(values) < MIN_CYCLES:
        return None
    trend = trend_of(times_s, values)
    third = max(1, len(values) // 3)
    first, last = np.median(values[:third]), np.median(values[-third:])
    allowed = bound.growth * first if bound.relative else bound.growth
    bound_text = f'+{bound.growth:.0%}' if bound.relative else f'+{bound.growth:g}'
    per_hour = [HOUR_S * part for part in (trend.slope, trend.low, trend.high)]
    return Finding(
        bound.title,
        f'{first:.1f}',
        f'{last:.1f}',
        '{:+.2f} ({:+.2f} to {:+.2f})'.format(*per_hour),
        f'{bound_text} over the run',
        _verdict(trend, allowed),
        bound.why,
    )


def _of_the_machine(finding: Finding, records: Records) -> Finding:
    """Return a latency that broke its bound as undecided if the machine had less time for it."""
    if finding.verdict != BROKEN or not finding.title.startswith('latency'):
        return finding
    samples = records['samples']
    third = max(1, len(samples) // 3)
    first, last = (_waited_per_work(part) for part in (samples[:third], samples[-third:]))
    if not last > LESS_TIME * first:
        return finding
    why = f'the node waited {last:.1f} s for a core per second of work, at first {first:.1f} s'
    return replace(finding, verdict=OPEN, why=why)


def _waited_per_work(samples: np.ndarray) -> float:
    worked_s = samples['cpu_s'][-1] - samples['cpu_s'][0]
    return float(np.clip(np.diff(samples['waited_s']), 0, None).sum() / max(worked_s, 1e-3))


def _verdict(trend: Trend, allowed: float) -> str:
    """Broken is what surely grows by more than is allowed, held what surely does not."""
    if trend.low * trend.span > allowed:
        return BROKEN
    return HELD if trend.high * trend.span <= allowed else OPEN


def _balance(balances: np.ndarray) -> Finding:
    """Judge whether every image sent was answered, dropped, lost or failed."""
    known = sum(balances[name] for name in ('answered', 'dropped', 'lost', 'failed'))
    missing = balances['sent'] - known
    wrong = np.flatnonzero(missing)
    parts = ', '.join(
        f'{int(balances[name].sum())} {name}' for name in ('answered', 'dropped', 'lost', 'failed')
    )
    text = f'{int(balances["sent"].sum())} sent in {len(balances)} stretches: {parts}'
    if len(wrong):
        text += '; wrong: ' + ', '.join(
            f'{balances["phase"][at]} of cycle {int(balances["cycle"][at])} by {int(missing[at])}'
            for at in wrong[:SHOWN_LINES]
        )
    verdict = OPEN if not len(balances) else BROKEN if len(wrong) else HELD
    unaccounted = f'{int(np.abs(missing).sum())} unaccounted for'
    return Finding('images', '', unaccounted, '', '0', verdict, text)


def _log_finding(log: Path) -> Finding:
    """Judge whether the log has errors that were not provoked."""
    unexpected = list(unexpected_errors(log.read_text(errors='replace')))
    counts = Counter(unexpected).most_common(SHOWN_LINES)
    text = '; '.join(f'{count} times: {line}' for line, count in counts)
    verdict = BROKEN if unexpected else HELD
    return Finding(
        'errors in the log', '', str(len(unexpected)), '', '0', verdict,
        text or 'none but of the images that nobody can read',
    )  # fmt: skip


def unexpected_errors(log: str) -> Iterator[str]:
    """Yield the errors of a node's log that the scenario did not provoke, and tracebacks."""
    for line in log.splitlines():
        found = _LOG_LINE.match(line)
        if found and found[1] in LEVELS and not PROVOKED.match(found[2]):
            yield found[2]
        elif line.startswith('Traceback'):
            yield line


def sentence_of(findings: list[Finding]) -> str:
    """Return the verdict in words."""
    broken = [one.title for one in findings if one.verdict == BROKEN]
    undecided = [one.title for one in findings if one.verdict == OPEN]
    if broken:
        return f'BROKEN: {", ".join(broken)}.'
    if not any('memory' in one.title for one in findings):
        return f'Too short to say anything of trends: they need {MIN_CYCLES} cycles after 2.'
    if undecided:
        return f'No bound was broken; a longer run has to decide: {", ".join(undecided)}.'
    return 'Every bound held.'
