"""Command line of the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from common.machine import HIDDEN_AVX512
from common.report import TABLES_PAGE, Report, Row, read_rows, write_section
from without_avx512.restart import CannotHideError, restart_without_avx512
from workspace.environment import environment_without_ros
from workspace.peers import peer_python

DATA_VARIABLE = 'FACEMESH_DATA'
Options = Mapping[str, Mapping[str, Any]]
Rows = Mapping[str, Sequence[Row]]
BUNDLE: Options = {
    '--bundle': {
        'type': Path,
        'metavar': 'FILE',
        'help': 'face_landmarker.task for MediaPipe; default: from $FACEMESH_MODEL_SOURCES',
    }
}
ANY_CORE: Options = {
    '--any-core': {'action': 'store_true', 'help': 'do not pin the processes to one core'}
}

WITHOUT_AVX512: Options = {
    '--without-avx512': {
        'action': 'store_true',
        'help': 'as on a processor with AVX2; needs AVX-512 to hide, root, gcc and objdump',
    }
}


def _earlier_rows(file: str) -> Rows:
    try:
        return read_rows(Path(file))
    except (OSError, ValueError) as error:
        raise ArgumentTypeError(f'{file} is no report written by --json: {error}') from error


BEFORE: Options = {
    '--before': {
        'type': _earlier_rows,
        'default': {},
        'metavar': 'FILE',
        'help': 'report of an earlier version (--json); cells that have changed show both values',
    }
}


class MeasurementError(Exception):
    """Nothing could be measured; the text says why.

    Attributes:
        status: Exit status of the benchmark.
    """

    status = 1


def run_benchmark(
    doc: str | None,
    measure: Callable[[Namespace], Report],
    *,
    quick: str,
    section: str = '',
    page: Path = TABLES_PAGE,
    plot: str = '',
    options: Options | None = None,
    peers: Sequence[str] = (),
) -> int:
    """Measure with the command line's options, print and write the report, return the status.

    Args:
        doc: The benchmark's docstring; its first line is the description.
        measure: Takes the parsed options.
        quick: What --quick leaves out.
        section: Section of `page` that --docs replaces, with `plot` as docs/<section>.svg.
        page: See `section`.
        plot: Name of the plot that --plot draws.
        options: Further options, as keyword arguments of `add_argument`; with `WITHOUT_AVX512`
            among them, and given, it starts anew, and its section is another one.
        peers: Environments of `tools/wheels` that it starts programs in.
    """
    parser = benchmark_parser(doc, quick=quick, options=options)
    if section:
        parser.add_argument('--docs', action='store_true', help=f'update docs/{page.name}')
    if plot:
        parser.add_argument('--plot', type=Path, metavar='FILE', help='draw it (.svg, .png)')
    chosen = parser.parse_args()
    try:
        if getattr(chosen, 'without_avx512', False):
            restart_without_avx512(peers)
        report = measure(chosen)
    except CannotHideError as error:
        log(str(error))
        return 1
    except MeasurementError as error:
        log(str(error))
        return error.status
    print(report.as_text())
    if chosen.json:
        chosen.json.write_text(report.as_json() + '\n')
    if plot and chosen.plot:
        draw(report, plot, chosen.plot)
    if section and chosen.docs:
        hidden = bool(os.environ.get(HIDDEN_AVX512))
        write_section(page, section + ' without AVX-512' * hidden, report.as_text())
        if plot and not hidden:
            draw(report, plot, page.with_name(f'{section}.svg'))
    return 0


def benchmark_parser(
    doc: str | None, *, quick: str, options: Options | None = None
) -> ArgumentParser:
    """Return a parser of what all benchmarks take, and of further options; see `run_benchmark`."""
    parser = ArgumentParser(description=(doc or '').partition('\n')[0])
    parser.add_argument('--quick', action='store_true', help=quick)
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures as JSON')
    for name, settings in (options or {}).items():
        parser.add_argument(name, **settings)
    return parser


def parts_option(known: Iterable[str], left_out: Iterable[str] = ()) -> Options:
    """Return the option --parts of a benchmark whose parts can be measured singly.

    Args:
        known: Names of all parts.
        left_out: Those that are measured only where they are asked for.
    """
    names, asked_for = list(known), list(left_out)

    def parts(text: str) -> list[str]:
        chosen = text.split(',')
        unknown = [name for name in chosen if name not in names]
        if unknown:
            raise ArgumentTypeError(f'no part {unknown[0]!r}; there are {", ".join(names)}')
        return chosen

    by_itself = f'; only if named: {", ".join(asked_for)}' if asked_for else ''
    return {
        '--parts': {
            'type': parts,
            'default': [name for name in names if name not in asked_for],
            'metavar': 'NAMES',
            'help': f'only these, separated by commas, of {", ".join(names)}{by_itself}',
        }
    }


def draw(report: Report, plot: str, output: Path) -> None:
    """Draw a report with `plots.py`, in an environment that has matplotlib."""
    with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
        file.write(report.as_json())
        file.flush()
        script = Path(__file__).with_name('plots.py')
        command = [peer_python('plots'), script, plot, file.name, output]
        subprocess.run([str(part) for part in command], env=environment_without_ros(), check=True)


def pin_to_one_core(chosen: Namespace) -> None:
    """Keep this process and its children on one core, unless --any-core was given."""
    if not chosen.any_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def data_folder() -> Path | None:
    """Return the folder of pictures and clips, None if $FACEMESH_DATA is not set."""
    folder = os.environ.get(DATA_VARIABLE)
    return Path(folder) if folder else None


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a temporary folder for images that processes exchange."""
    return tempfile.TemporaryDirectory(prefix='facemesh-bench-')


def log(line: str) -> None:
    """Print a line of progress; standard output is for the report."""
    print(line, file=sys.stderr, flush=True)
