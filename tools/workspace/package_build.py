"""Build the package and the messages it needs into the environment, by plain CMake."""

from __future__ import annotations

import json
import os
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workspace.environment import colcon_defaults, environment, site_packages
from workspace.layout import REQUIREMENTS, ROOT, Distro
from workspace.message_packages import definitions_of, write_project
from workspace.steps import Step, fingerprint_of, run_logged

_MEND = REQUIREMENTS / 'mend.cmake'
_INSTALLED_FOLDERS = ('config', 'examples', 'facemesh_ros', 'include', 'launch', 'scripts')
_LINKED_FOLDERS = ('include', 'lib', 'share')


def message_packages(distro: Distro, packages: Sequence[str]) -> Step:
    """Return the step that brings message packages that are not among the wheels."""

    def build(was_done: bool) -> None:
        def build_one(package: str) -> None:
            folder = distro.build / 'messages' / package
            write_project(package, folder / 'source')
            _build_and_install(distro, folder / 'source', folder / package, afresh=not was_done)

        # Much of each build is a generator that keeps one core busy.
        with ThreadPoolExecutor() as pool:
            deque(pool.map(build_one, packages), maxlen=0)

    definitions = [path for package in packages for path in definitions_of(package)]
    return Step(
        f'{distro.name}: the messages of {", ".join(packages)}',
        distro.stamps / '_'.join(packages),
        fingerprint_of([*definitions, *_wheels_of(distro)]),
        build,
    )


def package_build(distro: Distro) -> Step:
    """Return the step that builds and installs the package.

    The installed files are links into the checkout, so an edit needs no build; a file that comes
    or goes, a message or the build itself does.
    """
    built_from = [ROOT / 'CMakeLists.txt', ROOT / 'package.xml', *sorted(ROOT.glob('msg/*.msg'))]
    built_from += sorted(ROOT.glob('src/native/*'))
    if not distro.installed:
        built_from += _wheels_of(distro)

    def build(was_done: bool) -> None:
        _build_and_install(distro, ROOT, distro.build / 'facemesh_ros', afresh=not was_done)
        _remove_dead_links(distro)
        if not distro.installed:
            defaults = {'build': {'cmake-args': _wheel_arguments(distro)}}
            colcon_defaults(distro).write_text(json.dumps(defaults, indent=2) + '\n')

    return Step(
        f'{distro.name}: facemesh_ros and its messages',
        distro.stamps / 'package',
        fingerprint_of(built_from, *_installed_files()),
        build,
    )


def _wheels_of(distro: Distro) -> list[Path]:
    return [_MEND, REQUIREMENTS / f'{distro.name}.txt']


def _build_and_install(distro: Distro, source: Path, folder: Path, *, afresh: bool) -> None:
    if afresh:
        shutil.rmtree(folder, ignore_errors=True)
    env, log = environment(distro), distro.stamps / f'{folder.name}.log'
    log.unlink(missing_ok=True)
    configure = ['cmake', '-S', str(source), '-B', str(folder), *_install_arguments(distro)]
    # Messages of others are few or only tested with; optimised they take twice the time to build.
    configure.append(f'-DCMAKE_BUILD_TYPE={"Release" if source == ROOT else "None"}')
    run_logged(configure, log, env)
    run_logged(['cmake', '--build', str(folder), '--target', 'install'], log, env)


def _wheel_arguments(distro: Distro) -> list[str]:
    """Return what any CMake build against the wheels needs."""
    return [
        '-GNinja',
        f'-DCMAKE_PROJECT_INCLUDE={_MEND}',
        f'-DPython3_EXECUTABLE={distro.python}',
    ]


def _install_arguments(distro: Distro) -> list[str]:
    arguments = [
        f'-DCMAKE_INSTALL_PREFIX={distro.venv}',
        '-DAMENT_CMAKE_SYMLINK_INSTALL=ON',
        '-DBUILD_TESTING=OFF',
        # Ubuntu's own choice would be a dist-packages folder, where no environment looks.
        f'-DPYTHON_INSTALL_DIR={site_packages(distro).relative_to(distro.venv)}',
    ]
    if distro.installed:
        return [*arguments, f'-DPython3_EXECUTABLE={distro.python}']
    return [*arguments, *_wheel_arguments(distro)]


def _installed_files() -> Iterator[str]:
    """Yield the checkout's files that are installed as links, in a fixed order."""
    for folder in _INSTALLED_FOLDERS:
        for place, folders, files in os.walk(ROOT / folder):
            folders[:] = sorted(set(folders) - {'__pycache__'})
            yield from (f'{place}/{file}' for file in sorted(files))


def _remove_dead_links(distro: Distro) -> None:
    """Remove the links to files that the checkout has no more."""
    for folder in (site_packages(distro), *(distro.venv / name for name in _LINKED_FOLDERS)):
        for path in (folder / 'facemesh_ros').rglob('*'):
            if path.is_symlink() and not path.exists():
                path.unlink()
