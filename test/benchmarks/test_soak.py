"""What `./run soak` says of a run: leaks are found, noise is none, images are accounted for."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from soak_measurements.bounds import STEADY_PHASE, WARM_UP_CYCLES
from soak_measurements.proc_samples import held_by
from soak_measurements.records import COLUMNS, Records, read_records
from soak_measurements.trend import trend_of
from soak_measurements.verdict import BROKEN, HELD, OPEN, findings_of, sentence_of

ROOT = Path(__file__).parents[2]
CYCLE_S = 80.0
PROVOKED = "[ERROR] [1.5] [facemesh]: image on /image_raw failed: image encoding '32FC1' holds"
OTHER = '[ERROR] [1.5] [facemesh]: image on /image_raw failed: Traceback (most recent call last):'


def run_of(folder, cycles, *, log='', missing=0, **grown):
    """Return the findings of a made-up run; `grown`: change of a column over the whole of it."""
    rng = np.random.default_rng(0)
    usual = {
        'private_mib': 200,
        'heap_mib': 90,
        'python_blocks': 276e3,
        'resident_mib': 250,
        'threads': 23,
        'descriptors': 25,
    }
    with Records(folder) as records:
        for cycle in range(cycles):
            done = cycle / max(cycles - 1, 1)
            for second in range(5):
                line = dict.fromkeys(COLUMNS['samples'], 1.0) | usual
                noise = rng.normal(0, 1.0, 2)
                line['private_mib'] += noise[0]
                line['resident_mib'] += noise[1]
                for name, change in grown.items():
                    if name in line:
                        line[name] += int(change * done)
                line |= {'s': CYCLE_S * cycle + second, 'cycle': cycle, 'phase': STEADY_PHASE}
                records.add('samples', *(line[name] for name in COLUMNS['samples']))
            heap_mib = 90 + rng.normal(0, 1.0) + grown.get('heap_mib', 0) * done
            blocks = int(276e3 + grown.get('python_blocks', 0) * done)
            records.add('counts', CYCLE_S * cycle, cycle, STEADY_PHASE, heap_mib, blocks)
            for _ in range(100):
                latency_ms = 20 * rng.lognormal(0, 0.3) * (1 + grown.get('latency', 0) * done)
                at = CYCLE_S * cycle, cycle, STEADY_PHASE
                records.add('answers', *at, latency_ms, 1, 0, 0, 0)
            records.add('balances', *at, 110 + missing, 100, 8, 1, 1)
    (folder / 'node.log').write_text(log)
    return {one.title: one for one in findings_of(read_records(folder), folder / 'node.log')}


def verdicts(findings):
    return {title: one.verdict for title, one in findings.items()}


def test_a_run_in_which_nothing_grows_holds(tmp_path):
    found = run_of(tmp_path, 40, log=f'{PROVOKED}\n[WARN] [2.0] [facemesh]: slow\n')
    assert set(verdicts(found).values()) == {HELD}
    assert sentence_of(list(found.values())) == 'Every bound held.'


@pytest.mark.parametrize(
    ('title', 'grown'),
    [
        ('malloc in use, MiB', {'heap_mib': 10}),
        ('Python blocks, thousands', {'python_blocks': 30_000}),
        ('private memory, MiB', {'private_mib': 150}),
        ('threads', {'threads': 5}),
        ('file descriptors', {'descriptors': 3}),
        ('shared memory segments', {'segments': 6}),
        ('latency p50, ms', {'latency': 2.0}),
    ],
)
def test_what_grows_is_found_and_named(tmp_path, title, grown):
    found = run_of(tmp_path, 40, **grown)
    assert found[title].verdict == BROKEN
    assert title in sentence_of(list(found.values()))
    assert BROKEN in sentence_of(list(found.values()))


def disturbed_run_of(tmp_path, cycles, is_disturbed):
    """A run in some cycles of which others took the cores, and results came five times as late."""
    run_of(tmp_path, cycles)
    for name, column, change in (
        ('samples', 'waited_s', lambda value, s: value + 0.5 * s),
        ('answers', 'latency_ms', lambda value, _: 5 * value),
    ):
        head, *lines = (tmp_path / f'{name}.csv').read_text().splitlines()
        places = [head.split(',').index(it) for it in (column, 's', 'cycle')]
        for number, line in enumerate(lines):
            cells = line.split(',')
            at, s, cycle = places
            if is_disturbed(int(cells[cycle])):
                cells[at] = str(change(float(cells[at]), float(cells[s])))
                lines[number] = ','.join(cells)
        (tmp_path / f'{name}.csv').write_text('\n'.join([head, *lines]) + '\n')
    found = findings_of(read_records(tmp_path), tmp_path / 'node.log')
    return {one.title: one for one in found}


@pytest.mark.parametrize('title', ['latency p50, ms', 'latency p99, ms'])
def test_of_latency_only_cycles_count_in_which_the_node_had_cores(tmp_path, title):
    found = disturbed_run_of(tmp_path, 40, lambda cycle: 20 <= cycle < 36)
    assert found[title].verdict == HELD
    assert 'in 22 of 38 cycles' in found[title].why


@pytest.mark.parametrize(
    'is_disturbed',
    [lambda cycle: cycle > 15, lambda cycle: cycle > WARM_UP_CYCLES + 1],
    ids=['all of the end', 'nearly all'],
)
def test_where_too_few_do_nothing_is_said_of_latency(tmp_path, is_disturbed):
    found = disturbed_run_of(tmp_path, 40, is_disturbed)['latency p99, ms']
    assert found.verdict == OPEN
    assert 'too few' in found.why


def test_latency_that_grows_while_the_node_has_cores_breaks_it(tmp_path):
    assert run_of(tmp_path, 40, latency=2.0)['latency p50, ms'].verdict == BROKEN


def test_one_image_that_nobody_accounts_for_breaks_it(tmp_path):
    assert run_of(tmp_path, 5, missing=1)['images'].verdict == BROKEN


def test_an_error_that_was_not_provoked_breaks_it(tmp_path):
    found = run_of(tmp_path, 5, log=f'{PROVOKED}\n{OTHER}\n')['errors in the log']
    assert (found.verdict, found.last) == (BROKEN, '1')


def test_of_a_few_cycles_nothing_is_claimed(tmp_path):
    found = run_of(tmp_path, WARM_UP_CYCLES + 1)
    assert set(found) == {'images', 'errors in the log'}
    assert 'Too short' in sentence_of(list(found.values()))


def test_a_run_cut_off_in_the_middle_of_a_line_is_shown(tmp_path):
    run_of(tmp_path, 5)
    samples = tmp_path / 'samples.csv'
    whole = read_records(tmp_path)['samples']
    samples.write_text(samples.read_text()[:-20])
    np.testing.assert_array_equal(read_records(tmp_path)['samples'], whole[:-1])


@given(st.floats(-10, 10), st.integers(10, 60), st.integers(0, 2**32 - 1), st.floats(1e2, 1e6))
def test_a_trend_is_the_slope_whatever_a_quarter_of_the_values_is(slope, count, seed, far):
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, 100, count)) + np.arange(count)
    values = 5 + slope * times
    outliers = rng.choice(count, count // 4, replace=False)
    values[outliers] += far * rng.choice([-1, 1], len(outliers))
    trend = trend_of(times, values)
    assert trend.low <= slope + 1e-9
    assert trend.high >= slope - 1e-9
    assert trend.slope == pytest.approx(slope, abs=1e-6) or len(outliers) >= count * 0.29


def test_a_slope_is_undecided_while_its_interval_crosses_the_bound(tmp_path):
    # 2 MiB are allowed, and of so few cycles the noise of 1 MiB says neither more nor less.
    found = run_of(tmp_path, WARM_UP_CYCLES + 4, heap_mib=3)
    assert found['malloc in use, MiB'].verdict == OPEN
    assert 'longer run' in sentence_of(list(found.values()))


def test_what_a_process_holds_is_what_it_opened():
    before = held_by(os.getpid())
    with open(os.devnull), open(os.devnull):
        # From the kernel: malloc may have as much that earlier tests freed.
        block = mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for page in range(0, len(block), mmap.PAGESIZE):
            block[page] = 1
        during = held_by(os.getpid())
    assert during.descriptors == before.descriptors + 2
    assert during.private_mib - before.private_mib == pytest.approx(32, abs=4)
    block.close()


def test_a_real_node_goes_through_a_cycle(model_store, tmp_path):
    """The short form: everything once, every image accounted for, no error but the provoked."""
    script = ROOT / 'benchmarks' / 'soak.py'
    command = [sys.executable, str(script), '--quick', '--output', str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    balances = read_records(tmp_path)['balances']
    assert len(balances) == 6
    assert balances['answered'].min() > 0
    assert balances['failed'].sum() > 0
