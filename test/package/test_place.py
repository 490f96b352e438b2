"""Where `./run` cannot work, it says so at once, in a sentence that names the way out."""

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOBODY = 65534
# Nothing of an environment that this run may stand in, such as a sourced ROS.
PLAIN = {'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8'}


def checkout_in(folder):
    """Copy to a folder what `./run` begins with."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / 'run', folder)
    ignored = shutil.ignore_patterns('__pycache__')
    for name in ('tools', 'msg', 'facemesh_ros', 'launch', 'config', 'scripts'):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ('CMakeLists.txt', 'package.xml'):
        shutil.copy(ROOT / name, folder)
    return folder


def set_up(checkout, python=sys.executable, **options):
    """Run `./run setup` and return what it said when it refused."""
    done = subprocess.run(
        [python, checkout / 'run', 'setup'],
        check=False,
        capture_output=True,
        text=True,
        env=PLAIN,
        **options,
    )
    assert done.returncode == 1
    assert 'Traceback' not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ('name', 'told'),
    [('Jürgen', 'ü'), ("Anne's", "'"), ('$HOME', '$'), ('a;b', ';'), ('a,b', ',')],
)
def test_a_path_that_breaks_the_build_is_refused_before_anything_is_done(tmp_path, name, told):
    checkout = checkout_in(tmp_path / name / 'facemesh_ros')
    said = set_up(checkout)
    assert f'because of {told} in its path' in said
    assert 'move the checkout' in said
    assert not (checkout / '.venv').exists()


@pytest.fixture
def open_folder():
    """A folder that every user can read, as pytest's are not."""
    with tempfile.TemporaryDirectory(prefix='facemesh-test-') as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def unprivileged():
    """Options of `set_up` for a user who may not write to what this one has made."""
    if os.geteuid():
        return {}
    options = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
    for python in (sys.executable, '/usr/bin/python3'):  # one in /root is for root alone
        try:
            subprocess.run([python, '-c', ''], check=True, **options)
        except OSError:
            continue
        return {**options, 'python': python}
    pytest.skip('no Python here is for every user')


def test_a_checkout_of_somebody_else_is_refused(open_folder, unprivileged):
    checkout = checkout_in(open_folder / 'facemesh_ros')
    checkout.chmod(0o555)
    said = set_up(checkout, **unprivileged)
    checkout.chmod(0o755)
    assert f'cannot write to {checkout}: it belongs to' in said
    assert 'clone the repository into a folder of your own' in said


def test_an_environment_of_somebody_else_is_told_too(open_folder, unprivileged):
    """As after `sudo ./run` in a checkout of one's own."""
    checkout = checkout_in(open_folder / 'facemesh_ros')
    (checkout / '.venv').mkdir()
    (checkout / '.venv').chmod(0o555)
    if unprivileged:
        os.chown(checkout, NOBODY, NOBODY)
    said = set_up(checkout, **unprivileged)
    (checkout / '.venv').chmod(0o755)
    assert f'cannot write to {checkout}/.venv: it belongs to' in said


SMALL_DISK = """
mount -t tmpfs -o size=6m tmpfs "$1"
cp -r "$2"/. "$1" && cd "$1" && exec ./run setup
"""
READ_ONLY_DISK = """
mount -t tmpfs tmpfs "$1"
cp -r "$2"/. "$1" && mount -o remount,ro "$1" && cd "$1" && exec ./run setup
"""


@pytest.mark.parametrize(
    ('script', 'told'),
    [
        (SMALL_DISK, 'the disk has too little room'),
        (READ_ONLY_DISK, 'its file system is read-only'),
    ],
    ids=['full', 'read-only'],
)
def test_a_disk_that_takes_nothing_is_told(tmp_path, script, told):
    namespace = ['unshare', '--map-root-user', '--mount']
    if not shutil.which('unshare') or subprocess.run([*namespace, 'true']).returncode:
        pytest.skip('this system lets no process mount for itself')
    checkout, disk = checkout_in(tmp_path / 'checkout'), tmp_path / 'disk'
    disk.mkdir()
    done = subprocess.run(
        [*namespace, 'sh', '-c', textwrap.dedent(script), 'sh', disk, checkout],
        check=False,
        capture_output=True,
        text=True,
        env=PLAIN,
    )
    assert done.returncode == 1, done.stderr
    assert told in done.stderr
    assert 'Traceback' not in done.stderr


def test_a_home_folder_that_can_be_written_is_used(workspace, tmp_path):
    assert workspace('home').variables_of_home({'HOME': str(tmp_path)}) == {}


def test_a_user_without_a_home_folder_has_one_in_the_checkout(workspace):
    found = workspace('home').variables_of_home({'HOME': '/proc'})
    venvs = workspace('layout').VENVS
    assert Path(found['ROS_LOG_DIR']).is_relative_to(venvs)
    assert Path(found['FACEMESH_MODEL_DIR']).is_relative_to(venvs)
    chosen = {'HOME': '/proc', 'ROS_HOME': '/elsewhere', 'FACEMESH_MODEL_DIR': '/models'}
    assert workspace('home').variables_of_home(chosen) == {}


@pytest.mark.parametrize('home', ['/proc', ''])
def test_ros_starts_without_a_home_folder(workspace, home):
    pytest.importorskip('rclpy', reason='needs ROS')
    variables = {**os.environ, 'HOME': home}
    variables.pop('ROS_LOG_DIR', None)
    variables |= workspace('home').variables_of_home(variables)
    source = 'import rclpy; rclpy.init(); rclpy.shutdown()'
    done = subprocess.run(
        [sys.executable, '-c', source], env=variables, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
