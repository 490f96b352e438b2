"""Environments beside the distributions': of programs to compare with, and of a GPU build."""

from __future__ import annotations

from pathlib import Path

from workspace.environment import environment_without_ros
from workspace.layout import REQUIREMENTS, VENVS, base_python
from workspace.python_packages import why_not_installed
from workspace.steps import Step, bring_up, fingerprint_of, run_logged

ENVIRONMENTS = VENVS / 'peers'


def peer_python(name: str, environments: Path = ENVIRONMENTS) -> Path:
    """Return the Python of an environment, which is made on first use.

    Args:
        name: Which one: tools/wheels/NAME.txt lists its packages.
        environments: Folder of the environments.

    Raises:
        SetupError: If its packages cannot be installed.
    """
    requirements = REQUIREMENTS / f'{name}.txt'
    environment = environments.resolve() / name
    python = environment / 'bin' / 'python'

    def install(_: bool) -> None:
        log, variables = environment.parent / f'{name}.log', environment_without_ros()
        run_logged([base_python(), '-m', 'venv', '--clear', environment], log, variables)
        pip: list[str | Path] = [python, '-m', 'pip', '--no-input']
        run_logged([*pip, 'install', '-r', requirements], log, variables, why_not_installed)

    step = Step(
        f'{name}: Python packages of its own (about half a minute the first time)',
        environment / 'stamp',
        fingerprint_of([requirements]),
        install,
        python.exists,
    )
    bring_up([step])
    return python
