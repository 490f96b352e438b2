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
# Others took the cores if the node's threads waited for one for so many s per s. With two cores to
# itself it waits .04 to .1; the 99th percentile of latency follows the waiting (correlation .86).
MOST_WAITED = 0.1
# So much of the run the cycles in which they did not must span.
LEAST_SPAN = 0.5
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
    trends = [_growth(bound, records) for bound in BOUNDS]
    judged = [one for one in trends if one]
    return [*judged, _balance(records['balances']), _log_finding(log)]


def cycle_values(
    bound: Bound, records: Records, cycles: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the time in s and the value of each of the cycles that has one."""
    table = records[bound.table]
    steady = table[(table['phase'] == STEADY_PHASE) & np.isfinite(table[bound.column])]
    chosen = [steady[steady['cycle'] == cycle] for cycle in cycles]
    chosen = [rows for rows in chosen if len(rows)]
    times = [float(np.mean(rows['s'])) for rows in chosen]
    return np.array(times), np.array([bound.of_cycle(rows[bound.column]) for rows in chosen])


def whole_cycles(records: Records) -> np.ndarray:
    """Return the cycles that were done, after the warm-up."""
    return np.unique(records['balances']['cycle'])[WARM_UP_CYCLES:]


def quiet_cycles(records: Records) -> np.ndarray:
    """Return those in whose steady phase the node hardly waited for a core."""
    samples = records['samples']
    steady = samples[samples['phase'] == STEADY_PHASE]
    cycles = whole_cycles(records)
    waited = np.array([_waited_per_s(steady[steady['cycle'] == cycle]) for cycle in cycles])
    return cycles[waited <= MOST_WAITED]


def _waited_per_s(samples: np.ndarray) -> float:
    """Return how long threads waited for a core per s; infinite where too little was read."""
    if len(samples) < 2:
        return np.inf
    waited_s = np.clip(np.diff(samples['waited_s']), 0, None).sum()  # a thread's ends with it
    return float(waited_s / (samples['s'][-1] - samples['s'][0]))


def _growth(bound: Bound, records: Records) -> Finding | None:
    """Judge the trend of a quantity; None if there are too few values."""
    cycles = whole_cycles(records)
    times_s, values = cycle_values(bound, records, cycles)
    if len(values) < MIN_CYCLES:
        return None
    if not bound.needs_cores:
        return _trend_finding(bound, times_s, values)
    quiet_s, quiet_values = cycle_values(bound, records, quiet_cycles(records))
    share = f'the node had cores to itself in {len(quiet_values)} of {len(values)} cycles'
    if len(quiet_values) < MIN_CYCLES or np.ptp(quiet_s) < LEAST_SPAN * np.ptp(times_s):
        every = _trend_finding(bound, times_s, values)
        return replace(every, verdict=OPEN, why=f'{share}, too few to tell')
    finding = _trend_finding(bound, quiet_s, quiet_values)
    return replace(finding, why=f'{finding.why}; {share}, which count')


def _trend_finding(bound: Bound, times_s: np.ndarray, values: np.ndarray) -> Finding:
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
