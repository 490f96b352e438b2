"""What `./run` sets up: environments that do not leak, steps that survive an interruption."""

import os
import re
import select
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = sorted((ROOT / 'tools' / 'wheels').glob('*.txt'))
PATIENCE_S = 60.0
GUARD = '_ROS_WHEELS_BOOTSTRAP_COMPLETE'


@pytest.fixture
def installation(tmp_path, monkeypatch):
    """Source a ROS installation that has rclpy."""
    (tmp_path / 'python' / 'rclpy').mkdir(parents=True)
    (tmp_path / 'python' / 'rclpy' / '__init__.py').touch()
    monkeypatch.delitem(sys.modules, 'rclpy', raising=False)
    monkeypatch.syspath_prepend(tmp_path / 'python')
    monkeypatch.setenv('ROS_DISTRO', 'humble')
    for name in ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH'):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv('LD_LIBRARY_PATH', f'{tmp_path}/lib:/usr/local/nvidia/lib64')
    return tmp_path


def test_a_sourced_installation_is_used(workspace, installation):
    layout = workspace('layout')
    assert layout.chosen_distro(None) == layout.Distro('humble', installed=True)
    assert layout.chosen_distro('humble') == layout.Distro('humble', installed=True)


def test_wheels_keep_apart_from_a_sourced_installation(workspace, installation):
    distro = workspace('layout').chosen_distro('jazzy')
    found = workspace('environment').environment(distro)

    assert not distro.installed
    assert found['AMENT_PREFIX_PATH'] == str(ROOT / '.venv' / 'jazzy')
    assert found['LD_LIBRARY_PATH'] == '/usr/local/nvidia/lib64'  # the user's own stays


def test_an_own_environment_is_no_sourced_installation(workspace, monkeypatch):
    monkeypatch.setenv('ROS_DISTRO', 'kilted')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(ROOT / '.venv' / 'kilted'))
    assert workspace('layout').sourced_distro() is None


def test_an_unknown_distro_is_refused_with_the_way_out(workspace, monkeypatch):
    monkeypatch.delenv('ROS_DISTRO', raising=False)
    layout = workspace('layout')
    with pytest.raises(layout.SetupError, match=r'kilted, jazzy.*source its installation'):
        layout.chosen_distro('melodic')


@pytest.mark.parametrize(
    ('arguments', 'wanted'),
    [
        ([], False),
        (['--view'], True),
        (['--view', 'rerun', '--seconds', '3'], True),
        (['--view=rerun'], True),
        (['--camera', '0', '--view'], True),
        (['--view', '--camera', '0'], True),
        (['--view', 'rviz'], False),
        (['--view=rviz'], False),
        (['--no-view'], False),
    ],
)
def test_rerun_is_installed_for_those_who_ask_to_look(workspace, arguments, wanted):
    assert workspace('viewer_packages').wants_rerun(arguments) == wanted


def test_rerun_is_not_installed_where_its_numpy_would_break_ros(workspace, installation):
    layout, packages = workspace('layout'), workspace('viewer_packages')
    found = packages.viewer_packages(layout.Distro('humble', installed=True))
    assert bool(found) == (sys.version_info >= (3, 13))
    assert packages.viewer_packages(layout.Distro('kilted'))


def test_one_environment_can_be_entered_from_inside_another(workspace, monkeypatch):
    layout, environment = workspace('layout'), workspace('environment')
    monkeypatch.setenv(GUARD, '1')
    monkeypatch.setenv('LD_LIBRARY_PATH', str(ROOT / '.venv' / 'kilted' / 'lib'))
    monkeypatch.setenv('PATH', f'{ROOT}/.venv/kilted/bin:/usr/bin')

    found = environment.environment(layout.Distro('jazzy'))

    assert GUARD not in found
    assert 'LD_LIBRARY_PATH' not in found
    assert found['PATH'] == f'{ROOT}/.venv/jazzy/bin:/usr/bin'


@pytest.mark.skipif(
    'FACEMESH_OTHER_DISTRO_PYTHON' not in os.environ,
    reason='needs a second distribution: ./run setup --distro jazzy',
)
def test_python_of_the_other_distro_has_its_own_messages():
    source = 'import os, facemesh_ros.msg, rclpy; print(os.environ["ROS_DISTRO"], rclpy.__file__)'
    command = [os.environ['FACEMESH_OTHER_DISTRO_PYTHON'], '-c', source]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd='/').stdout
    name, rclpy = said.split(maxsplit=1)
    assert name != os.environ['ROS_DISTRO']
    assert f'/.venv/{name}/' in rclpy


def step(steps, stamp, action, fingerprint='1'):
    return steps.Step('a step', stamp, fingerprint, action)


def test_a_finished_step_is_not_done_again_until_its_fingerprint_changes(workspace, tmp_path):
    steps, runs = workspace('steps'), []
    for fingerprint in ('1', '1', '2'):
        steps.bring_up([step(steps, tmp_path / 'stamps' / 'it', runs.append, fingerprint)])
    assert runs == [False, True]  # the second time it is told that the first one ended well


def test_steps_side_by_side_all_end_before_the_next_one_begins(workspace, tmp_path):
    steps, seen = workspace('steps'), []
    both = threading.Barrier(2, timeout=PATIENCE_S)  # passed by two that run at once

    def meet(_):
        both.wait()
        seen.append('met')

    pair = tuple(step(steps, tmp_path / name, meet) for name in 'ab')
    steps.bring_up([pair, step(steps, tmp_path / 'c', lambda _: seen.append('next'))])
    assert seen == ['met', 'met', 'next']


def test_a_step_that_fails_beside_another_one_is_done_again_alone(workspace, tmp_path):
    steps, seen = workspace('steps'), []

    def fail(_):
        raise steps.SetupError('no disk')

    good = step(steps, tmp_path / 'good', lambda _: seen.append('good'))
    with pytest.raises(steps.SetupError, match='no disk'):
        steps.bring_up([(step(steps, tmp_path / 'bad', fail), good)])
    bad = step(steps, tmp_path / 'bad', lambda _: seen.append('bad'))
    steps.bring_up([(bad, good)])
    assert seen == ['good', 'bad']


def test_an_interrupted_step_is_known_to_be_half_done(workspace, tmp_path):
    steps, runs = workspace('steps'), []

    def interrupt(_):
        raise KeyboardInterrupt

    steps.bring_up([step(steps, tmp_path / 'it', runs.append, '1')])
    with pytest.raises(KeyboardInterrupt):
        steps.bring_up([step(steps, tmp_path / 'it', interrupt, '2')])
    steps.bring_up([step(steps, tmp_path / 'it', runs.append, '2')])
    assert runs == [False, False]


def test_a_failing_command_shows_what_it_said(workspace, tmp_path, capsys):
    steps = workspace('steps')
    command = [sys.executable, '-c', 'raise SystemExit("no such package: blazeface")']
    with pytest.raises(steps.SetupError, match='run the same again'):
        steps.run_logged(command, tmp_path / 'log', dict(os.environ))
    assert 'no such package: blazeface' in capsys.readouterr().err


WAITING = """
import os, sys
from pathlib import Path
from workspace import steps, waiting_line
waiting_line._REDRAW_S = .01
command = [sys.executable, '-c', 'import input_of_the_test']
steps.run_logged(command, Path('log'), dict(os.environ))
steps.tell('the next step')
"""
# Ends when its output has been seen.
SLOW = """
import pathlib, time
print('\\nCollecting numpy==2.4.6\\n  Downloading numpy-2.4.6.whl (16.9 MB)\\n', flush=True)
while not pathlib.Path('seen').exists(): time.sleep(.01)
"""


def read_until(wanted, terminal):
    said = ''
    while wanted not in said:
        assert select.select([terminal], [], [], PATIENCE_S)[0], said
        said += os.read(terminal, 4096).decode()
    return said


def test_a_terminal_shows_what_a_long_command_is_at(tmp_path):
    """In one line, which is gone when the next step begins."""
    (tmp_path / 'input_of_the_test.py').write_text(SLOW)
    terminal, its_end = os.openpty()
    python_path = os.pathsep.join((str(ROOT / 'tools'), str(tmp_path)))
    running = subprocess.Popen(
        [sys.executable, '-c', WAITING],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': python_path, 'TERM': 'xterm', 'COLUMNS': '40'},
        stdout=its_end,
        stderr=its_end,
    )
    os.close(its_end)
    said = read_until('Downloading', terminal)
    assert re.search(r'    \d+ s  Downloading numpy-2\.4\.6', said)
    (tmp_path / 'seen').touch()
    said = read_until('the next step', terminal)
    assert running.wait(PATIENCE_S) == 0
    os.close(terminal)
    lines = [line.rpartition('\x1b[K')[2] for line in said.split('\r\n')]
    assert 'the next step' in lines  # on a line of its own, with nothing left before it
    drawn = said.replace('\x1b[K', '').split('\r')
    assert max(map(len, drawn)) < 40  # a longer one would not be drawn over


def test_without_a_terminal_a_command_is_waited_for_in_silence(workspace, tmp_path, capsys):
    steps = workspace('steps')
    steps.run_logged([sys.executable, '-c', 'print(1)'], tmp_path / 'log', dict(os.environ))
    assert capsys.readouterr().err == ''


NO_NAME = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...): "
    "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution'\n"
    'ERROR: No matching distribution found for numpy==2.4.6'
)
NO_TRUST = (
    "after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: "
    "CERTIFICATE_VERIFY_FAILED] certificate verify failed')'"
)
NOT_THERE = 'ERROR: No matching distribution found for empy==4.2.1'


@pytest.mark.parametrize(
    ('said', 'told'),
    [(NO_NAME, 'without a network see'), (NO_TRUST, 'PIP_CERT'), (NOT_THERE, 'no empy==4.2.1')],
    ids=['no network', 'no trust', 'not there'],
)
def test_why_pip_installs_nothing_is_a_sentence(workspace, tmp_path, said, told):
    steps, packages = workspace('steps'), workspace('python_packages')
    command = [sys.executable, '-c', f'raise SystemExit({said!r})']
    with pytest.raises(steps.SetupError, match=told) as raised:
        steps.run_logged(command, tmp_path / 'log', dict(os.environ), packages.why_not_installed)
    assert str(tmp_path / 'log') in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize('file', REQUIREMENTS, ids=lambda file: file.stem)
def test_every_requirement_of_the_wheels_is_pinned(file):
    lines = [line.partition(';')[0].strip() for line in file.read_text().splitlines()]
    wanted = [line for line in lines if line and not line.startswith('#')]
    assert wanted
    others = [line.removeprefix('-r ') for line in wanted if line.startswith('-r ')]
    assert all((file.parent / other).is_file() for other in others)
    wanted = [line for line in wanted if not line.startswith('-r ')]
    if not file.stem.startswith('with_ros'):  # which leaves to the installation what it has
        assert all(re.fullmatch(r'[\w\[\],.-]+==[\w.]+', line) for line in wanted)


def test_the_two_runtimes_are_never_wanted_together():
    for file in REQUIREMENTS:
        names = set(re.findall(r'^onnxruntime[\w-]*', file.read_text(), re.M))
        alone = {'cpu': {'onnxruntime'}, 'gpu': {'onnxruntime-gpu'}}
        # An environment of its own, and an image.
        alone['onnxruntime_gpu'] = alone['gpu_cuda12'] = alone['gpu']
        assert names == alone.get(file.stem, set())


def test_help_names_every_command(workspace):
    said = subprocess.run(
        [ROOT / 'run', 'help'], check=True, capture_output=True, text=True
    ).stdout
    for command in workspace('commands')._COMMANDS:
        assert re.search(rf'^  {command} ', said, re.M)


def test_an_unknown_command_is_refused_with_the_known_ones():
    ended = subprocess.run([ROOT / 'run', 'dance'], check=False, capture_output=True, text=True)
    assert ended.returncode == 2
    assert 'demo, test, check' in ended.stderr
