"""The `facemesh` command: subcommands, and errors as one line.

A subcommand is a module with `add_parser(subparsers)`, which sets `func`: a function that takes
the parsed arguments and returns the exit status. It imports heavy packages (onnxruntime, cv2) in
that function, so that the other subcommands start at once and work without them. They themselves
are imported where Ctrl-C and missing packages are already handled.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from facemesh_ros.errors import FacemeshError

_INTERRUPTED = 130  # 128 + SIGINT, as shells say it
# pip's names of packages that are imported by another one.
_DISTRIBUTIONS = {'cv2': 'opencv-python-headless', 'PIL': 'pillow', 'yaml': 'pyyaml'}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Args:
        argv: Arguments without the program's name; None means this process's.
    """
    try:
        arguments = command_parser().parse_args(argv)
        status: int = arguments.func(arguments)
    except BrokenPipeError:
        # The reader of our output has closed it, as `head` does.
        _discard_stdout()
        return 1
    except (FacemeshError, OSError) as error:  # a full disk, say
        print(f'facemesh: {error}', file=sys.stderr)
        try:
            sys.stdout.flush()
        except OSError:
            _discard_stdout()
        return 1
    except ModuleNotFoundError as error:
        print(f'facemesh: {_how_to_install(error)}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _discard_stdout() -> None:
    """Send what is left to /dev/null, or Python complains when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Version(argparse.Action):
    """Looks the version up only on request: that takes longer than all other imports."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from facemesh_ros.version import version

        print(f'facemesh {version()}')
        parser.exit()


def command_parser() -> argparse.ArgumentParser:
    """Return the command line with all subcommands."""
    from facemesh_ros.cli import doctor, hri_bridge, models, report, run, view

    parser = argparse.ArgumentParser(prog='facemesh', description='Face sensor for robots.')
    parser.add_argument('--version', action=_Version, nargs=0, help='print the version and exit')
    subparsers = parser.add_subparsers(title='commands', required=True, metavar='COMMAND')
    for subcommand in (run, view, report, models, doctor, hri_bridge):
        subcommand.add_parser(subparsers)
    return parser


def _how_to_install(error: ModuleNotFoundError) -> str:
    """Return how to install a missing package; our own modules are never missing."""
    if error.name is None or error.name.startswith('facemesh_ros'):
        raise error
    package = _DISTRIBUTIONS.get(error.name, error.name)
    return (
        f'{sys.executable} lacks the Python package {error.name}; start facemesh in the '
        f'environment that has it, or install it with `{sys.executable} -m pip install {package}`'
    )
