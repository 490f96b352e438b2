"""The installed `facemesh`: its path is enough to start it, and Ctrl-C ends it quietly."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'scripts' / 'bin' / 'facemesh'
VERSION = f'python{sys.version_info.major}.{sys.version_info.minor}'
# Stands where the interrupt arrives: while a package is imported.
INTERRUPT = 'import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n'


def started(command, **options):
    return subprocess.run(
        command, **{'check': False, 'capture_output': True, 'text': True, 'cwd': '/', **options}
    )


@pytest.fixture
def installed():
    """The command of the environment that `./run` has made."""
    path = Path(sys.prefix) / 'bin' / 'facemesh'
    if not path.exists():
        pytest.skip('needs the environment that ./run makes')
    return path


@pytest.mark.parametrize('depth', [0, 1, 2])
def test_its_path_is_enough_with_no_environment_at_all(tmp_path, installed, depth):
    """As cron calls it, directly or by links."""
    path = installed
    for number in range(depth):
        link = tmp_path / str(number) / 'facemesh'
        link.parent.mkdir()
        link.symlink_to(path)
        path = link
    done = started([path, 'models', 'list'], env={'HOME': str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert 'short_range' in done.stdout


@pytest.fixture
def colcon_prefix(tmp_path):
    """A prefix as colcon makes it, with a package that tells where it lies."""
    package = tmp_path / 'install' / 'lib' / VERSION / 'site-packages' / 'facemesh_ros'
    (package / 'cli').mkdir(parents=True)
    (package / '__init__.py').touch()
    (package / 'cli' / 'main.py').write_text('def main():\n    print(__file__)\n')
    command = tmp_path / 'install' / 'bin' / 'facemesh'
    command.parent.mkdir()
    shutil.copy(SCRIPT, command)
    return tmp_path / 'install'


def test_it_finds_the_package_of_its_own_prefix_first(colcon_prefix):
    """PYTHONPATH may name another workspace, and this Python has a facemesh_ros of its own."""
    done = started([sys.executable, colcon_prefix / 'bin' / 'facemesh'])
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(colcon_prefix)


def test_without_its_package_it_says_what_to_do(tmp_path):
    command = shutil.copy(SCRIPT, tmp_path)
    base = getattr(sys, '_base_executable', sys.executable)
    done = started([base, '-S', '-E', command, '--help'])
    assert done.returncode == 1
    assert 'finds no Python package facemesh_ros; activate the environment' in done.stderr
    assert 'Traceback' not in done.stderr


def test_ctrl_c_while_it_looks_for_its_package_ends_it_quietly(colcon_prefix):
    (
        colcon_prefix / 'lib' / VERSION / 'site-packages' / 'facemesh_ros' / '__init__.py'
    ).write_text(INTERRUPT)
    done = started([sys.executable, colcon_prefix / 'bin' / 'facemesh'])
    assert (done.returncode, done.stdout, done.stderr) == (130, '', '')


@pytest.mark.parametrize('package', ['numpy', 'cv2'])
def test_ctrl_c_during_the_imports_ends_it_quietly(tmp_path, package):
    (tmp_path / package).mkdir()
    (tmp_path / package / '__init__.py').write_text(INTERRUPT)
    paths = [str(tmp_path), *filter(None, [os.environ.get('PYTHONPATH')])]
    source = 'import sys; from facemesh_ros.cli.main import main; sys.exit(main(["run", "x.png"]))'
    done = started(
        [sys.executable, '-c', source],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, '', '')


def test_a_package_that_is_missing_is_named_with_the_command_that_brings_it(tmp_path):
    (tmp_path / 'cv2.py').write_text('raise ModuleNotFoundError("No module", name="cv2")')
    paths = [str(tmp_path), *filter(None, [os.environ.get('PYTHONPATH')])]
    source = 'import sys; from facemesh_ros.cli.main import main; sys.exit(main(["run", "x.png"]))'
    done = started(
        [sys.executable, '-c', source],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths)},
    )
    assert done.returncode == 1
    assert f'`{sys.executable} -m pip install opencv-python-headless`' in done.stderr
    assert 'Traceback' not in done.stderr
