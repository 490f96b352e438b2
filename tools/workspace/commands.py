"""The commands of `./run`."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from workspace.environment import environment
from workspace.layout import ROOT, Distro, SetupError, chosen_distro
from workspace.message_packages import NEEDED, OPTIONAL
from workspace.models import fetch_models
from workspace.package_build import message_packages, package_build
from workspace.pages import make_pages, visit_links
from workspace.place import require_usable_checkout, sentence_of
from workspace.python_packages import python_packages, test_packages
from workspace.steps import Stage, bring_up, tell
from workspace.viewer_packages import viewer_packages, wants_rerun

Arguments = Sequence[str]
_INTERRUPTED = 130


def main(arguments: Arguments) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: What follows `./run`.
    """
    name, *rest = arguments or ['help']
    if name in ('help', '-h', '--help'):
        print((Path(__file__).parent / 'help.txt').read_text(), end='')
        return 0
    if name not in _COMMANDS:
        tell(f'./run: no command {name!r}; there are {", ".join(_COMMANDS)}, and help')
        return 2
    try:
        wanted, rest = _split_distro(rest)
        return _COMMANDS[name](chosen_distro(wanted), rest)
    except SetupError as error:
        tell(f'./run: {error}')
        return 1
    except OSError as error:
        tell(f'./run: {sentence_of(error)}')
        return 1
    except KeyboardInterrupt:
        tell('./run: interrupted; run the same again to go on')
        return _INTERRUPTED


def _split_distro(arguments: Arguments) -> tuple[str | None, list[str]]:
    """Take --distro out of the arguments."""
    rest = list(arguments)
    for index, argument in enumerate(rest):
        if argument.startswith('--distro='):
            return argument.partition('=')[2], rest[:index] + rest[index + 1 :]
        if argument == '--distro':
            if index + 1 == len(rest):
                raise SetupError('--distro needs a name: kilted or jazzy')
            return rest[index + 1], rest[:index] + rest[index + 2 :]
    return None, rest


def set_up(distro: Distro, *, for_tests: bool = False, with_rerun: bool = False) -> None:
    """Bring the machine to where everything can be started, tested, or looked at in Rerun too."""
    messages = [] if distro.installed else [message_packages(distro, NEEDED)]
    viewer = viewer_packages(distro) if for_tests or with_rerun else []
    # Side by side: each build keeps one core busy for much of its time.
    steps: list[Stage] = [python_packages(distro), *viewer, (*messages, package_build(distro))]
    if for_tests:
        steps.append(test_packages(distro))
        if not distro.installed:
            steps.append(message_packages(distro, OPTIONAL))
    bring_up(steps)
    fetch_models(distro)


def _become(distro: Distro, command: Arguments, folder: Path | None = None) -> int:
    """Replace this process by a command in the distribution's environment."""
    if folder:
        os.chdir(folder)
    sys.stdout.flush()
    os.execvpe(command[0], list(command), environment(distro))


def _demo(distro: Distro, arguments: Arguments) -> int:
    set_up(distro, with_rerun=wants_rerun(arguments))
    # Ctrl-C waits until the demo has its own handlers; Python's start would end in a traceback.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    return _become(distro, ['python', '-m', 'facemesh_ros.ros.demo', *arguments])


def _test(distro: Distro, arguments: Arguments) -> int:
    set_up(distro, for_tests=True)
    return _become(distro, ['python', '-m', 'pytest', *arguments], ROOT)


def _check(distro: Distro, arguments: Arguments) -> int:
    if arguments:
        raise SetupError(f'check takes no {arguments[0]!r}')
    require_usable_checkout()  # ruff and mypy keep what they know there
    bring_up([python_packages(distro), test_packages(distro)])
    env = {**environment(distro), 'MYPYPATH': 'tools'}
    failed = False
    packages = 'mypy -p workspace -p reference'
    for command in ('ruff format --check', 'ruff check', 'mypy', packages):
        tell(f'==> {command}')
        failed |= subprocess.call(command.split(), cwd=ROOT, env=env) != 0
    return int(failed)


def _bench(distro: Distro, arguments: Arguments) -> int:
    arguments = [argument.removeprefix('--') for argument in arguments[:1]] + [*arguments[1:]]
    scripts = {path.stem: path for path in sorted((ROOT / 'benchmarks').glob('*.py'))}
    if not arguments or arguments[0] not in scripts:
        for name, path in scripts.items():
            print(f'  {name:24}{_first_line(path)}')
        if arguments:
            raise SetupError(f'no benchmark {arguments[0]!r}; these are above')
        return 0
    set_up(distro)
    return _become(distro, ['python', str(scripts[arguments[0]]), *arguments[1:]])


def _soak(distro: Distro, arguments: Arguments) -> int:
    set_up(distro)
    return _become(distro, ['python', str(ROOT / 'benchmarks' / 'soak.py'), *arguments])


def _fuzz(distro: Distro, arguments: Arguments) -> int:
    set_up(distro, for_tests=True)
    return _become(distro, ['python', '-m', 'hostile', *arguments], ROOT / 'test' / 'support')


def _first_line(script: Path) -> str:
    return (ast.get_docstring(ast.parse(script.read_text())) or '').partition('\n')[0]


def _shell(distro: Distro, arguments: Arguments) -> int:
    set_up(distro, for_tests=True)
    if arguments:
        return _become(distro, ['bash', *arguments])
    # Without the user's start-up file, which may put another Python or ROS first again.
    os.environ['PS1'] = rf'(facemesh {distro.name}) \w\$ '
    return _become(distro, ['bash', '--norc'])


def _docs(distro: Distro, arguments: Arguments) -> int:
    if arguments not in ([], ['--external-links']):
        raise SetupError(f'docs takes --external-links alone, not {" ".join(arguments)!r}')
    return visit_links() if arguments else make_pages()


def _setup(distro: Distro, arguments: Arguments) -> int:
    if arguments:
        raise SetupError(f'setup takes no {arguments[0]!r}')
    set_up(distro, for_tests=True)
    tell(f'{distro.name} is ready in {distro.venv}')
    return 0


_COMMANDS: dict[str, Callable[[Distro, Arguments], int]] = {
    'demo': _demo,
    'test': _test,
    'check': _check,
    'bench': _bench,
    'soak': _soak,
    'fuzz': _fuzz,
    'shell': _shell,
    'docs': _docs,
    'setup': _setup,
}
