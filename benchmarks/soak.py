"""Runs a node for hours through all that happens to it in weeks, and says whether anything grows.

A real camera, the real node and its consumers are processes that talk over DDS. In each cycle of
about a minute faces come and go, sizes and encodings change, images are refused, a viewer joins
and leaves, parameters change, services are called, the lifecycle goes round, and the camera ends
and returns. Memory, threads, file descriptors, shared memory, latency and counters are written
down as it goes; Ctrl-C ends it with the verdict so far. The exit status is 1 if a bound is broken.

    ./run soak --hours 2
    ./run soak --nightly            # ten minutes
    ./run soak --show soak_output   # the verdict and plot of a run that was interrupted
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

from common.command import MeasurementError, log
from common.machine import machine
from common.report import Table
from soak_measurements.records import read_records
from soak_measurements.verdict import BROKEN, findings_of, sentence_of
from workspace.environment import environment_without_ros
from workspace.peers import peer_python

NIGHTLY_MINUTES, QUICK_MINUTES, QUICK_PACE = 10.0, 0.01, 0.1
COLUMNS = [
    (name, f'{{{name}}}') for name in ('title', 'first', 'last', 'change', 'bound', 'verdict')
]


def arguments() -> Namespace:
    """Parse the command line."""
    parser = ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    how_long = parser.add_mutually_exclusive_group()
    how_long.add_argument('--hours', type=float, metavar='N', help='how long')
    how_long.add_argument('--minutes', type=float, metavar='N', help='how long')
    how_long.add_argument('--nightly', action='store_true', help='10 minutes, the default')
    how_long.add_argument('--quick', action='store_true', help='one cycle at a tenth of its time')
    how_long.add_argument('--show', type=Path, metavar='FOLDER', help='judge an earlier run')
    parser.add_argument(
        '--output', type=Path, default=Path('soak_output'), metavar='FOLDER', help='for records'
    )
    parser.add_argument('--plot', type=Path, metavar='FILE', help='default: soak.svg beside them')
    return parser.parse_args()


def main() -> int:
    """Run or show; return 1 if a bound is broken or nothing could be measured."""
    chosen = arguments()
    folder = chosen.show or chosen.output
    try:
        ended_by = '' if chosen.show else _run(folder, _minutes(chosen), chosen.quick)
        return _show(folder, chosen.plot or folder / 'soak.svg', ended_by)
    except (MeasurementError, OSError) as error:
        log(str(error))
        return 1


def _minutes(chosen: Namespace) -> float:
    if chosen.quick:
        return QUICK_MINUTES
    return 60 * (chosen.hours or 0.0) or chosen.minutes or NIGHTLY_MINUTES


def _run(folder: Path, minutes: float, quick: bool) -> str:
    """Run the cycles; return why it ended early, empty if it did not."""
    from soak_measurements.session import run_cycles, versions

    # Also in the background, where a shell lets programs ignore Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    folder.mkdir(parents=True, exist_ok=True)
    about = {**machine(), 'versions': versions(), 'minutes asked for': minutes}
    (folder / 'about.json').write_text(json.dumps(about, indent=1) + '\n')
    try:
        run_cycles(folder, 60 * minutes, QUICK_PACE if quick else 1.0)
    except KeyboardInterrupt:
        return 'Interrupted'
    except MeasurementError as error:
        return f'{BROKEN}: {error}'
    return ''


def _show(folder: Path, plot: Path, ended_by: str) -> int:
    """Print the verdict and draw the plot."""
    records, about = read_records(folder), json.loads((folder / 'about.json').read_text())
    findings = findings_of(records, folder / 'node.log')
    for name, fact in about.items():
        print(f'- {name}: {fact}')
    samples = records['samples']
    minutes = samples['s'][-1] / 60 if len(samples) else 0.0
    cycles = len(set(records['balances']['cycle'].tolist()))
    print(f'- run: {minutes:.1f} minutes, {cycles} cycles, {len(records["answers"])} answers\n')
    print(Table('soak', '', COLUMNS, [vars(one) for one in findings]).as_text(), end='\n\n')
    for one in findings:
        print(f'{one.title}: {one.verdict}; {one.why}.')
    print(f'\n{ended_by + ". " if ended_by else ""}{sentence_of(findings)}')
    if cycles > 1:
        _draw(folder, plot)
        print(f'Plot: {plot}')
    is_broken = ended_by.startswith(BROKEN) or any(one.verdict == BROKEN for one in findings)
    return int(is_broken)


def _draw(folder: Path, plot: Path) -> None:
    """Draw the plot in an environment that has matplotlib."""
    script = Path(__file__).with_name('soak_measurements') / 'plot.py'
    command = [str(peer_python('plots')), str(script), str(folder), str(plot)]
    subprocess.run(command, env=environment_without_ros(), check=False)


if __name__ == '__main__':
    sys.exit(main())
