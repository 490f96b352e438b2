"""`facemesh run --cluster`: a scheduler and workers as Dask starts them."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from dask_cluster import (
    PACKAGE_PARENT,
    DaskCluster,
    child_that_has_open,
    environment,
    eventually,
    kill_whoever_opens,
)
from recordings import bag_of
from rosbags.rosbag2 import Reader
from videos import write_video

from facemesh_ros.cli.main import main

LONG = 120


@pytest.fixture(scope='module')
def cluster(tmp_path_factory, require_package):
    require_package('distributed')
    cluster = DaskCluster(tmp_path_factory.mktemp('cluster'))
    yield cluster
    cluster.close()


@pytest.fixture(autouse=True)
def place(workplace, require_models):
    require_models('mesh')
    return workplace


@pytest.fixture
def inputs(head) -> list[str]:
    """Recordings, pictures, one of them damaged, and videos, one of them long."""
    for number in range(2):
        bag_of([np.roll(head, 5 * number, axis=1)] * 3).write(Path(f'bag{number}'))
        cv2.imwrite(f'p{"xy"[number]}.png', np.roll(head, 9 * number, axis=1))
    Path('words.png').write_text('words')
    write_video('short.mp4', head, 4)
    write_video('long.mp4', head, LONG)
    return ['bag0', 'px.png', 'words.png', 'py.png', 'long.mp4', 'short.mp4', 'bag1']


def lines_of(path: str) -> str:
    """A file of JSON lines but for their times, byte for byte."""
    return re.sub(r'"ms":[0-9.]+', '"ms":0', Path(path).read_text())


def messages_in(path: Path) -> list[tuple[str, int, bytes]]:
    """The messages of a recording but for the info, which tells times."""
    with Reader(path) as reader:
        return [
            (connection.topic, stamp, bytes(data))
            for connection, stamp, data in reader.messages()
            if not connection.topic.endswith('/info')
        ]


def started(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, '-m', 'facemesh_ros.cli', 'run', *arguments, '--model', 'mesh']
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment())


def test_results_are_those_of_one_machine_though_a_worker_is_killed_in_mid_file(cluster, inputs):
    assert main(['run', *inputs, '--jsonl', 'one.jsonl', '--bag', 'one', '--model', 'mesh']) == 1
    workers = [cluster.add_worker() for _ in range(2)]
    outputs = ['--jsonl', 'many.jsonl', '--bag', 'many']
    with started(*inputs, *outputs, '--cluster', cluster.address) as run:
        # Bags lie in the folder of bags until they are complete; results wait there, too.
        results = Path('many', 'many.jsonl.parts', '4-0.results')
        eventually(lambda: results.exists() and results.stat().st_size)
        (killed,) = [worker for worker in workers if child_that_has_open(worker.pid, results.name)]
        killed.kill()
        errors = run.stderr.read()
    assert run.returncode == 1
    assert re.search('worker tcp://.* is gone; 1 file that it had not done is done again', errors)
    assert 'words.png is not a readable picture' in errors
    assert f'{LONG + 4 + 2 + 6} images' in errors
    assert 'to many.jsonl and 2 recordings to many\n' in errors
    assert lines_of('many.jsonl') == lines_of('one.jsonl')
    for name in ('bag0.mcap', 'bag1.mcap'):
        assert messages_in(Path('many', name)) == messages_in(Path('one', name))
    assert sorted(os.listdir('many')) == ['bag0.mcap', 'bag1.mcap']
    for worker in workers:
        worker.kill()


def test_a_file_that_kills_its_worker_again_and_again_is_given_up(cluster, inputs):
    worker = cluster.add_worker()
    with started(*inputs, '--jsonl', 'many.jsonl', '--cluster', cluster.address) as run:
        kill_whoever_opens(worker.pid, 'long.mp4', 3)
        errors = run.stderr.read()
    assert run.returncode == 1
    assert 'long.mp4 is given up: 3 workers were lost on it' in errors
    assert 'killed by SIGKILL' in errors
    assert worker.poll() is None
    sources = [json.loads(line)['source'] for line in Path('many.jsonl').read_text().splitlines()]
    assert sources == ['bag0'] * 3 + ['px.png', 'py.png'] + ['short.mp4'] * 4 + ['bag1'] * 3
    worker.kill()


def test_an_interrupted_run_on_a_cluster_goes_on(cluster, inputs):
    assert main(['run', *inputs, '--jsonl', 'one.jsonl', '--model', 'mesh']) == 1
    worker = cluster.add_worker()
    options = ['--jsonl', 'many.jsonl', '--cluster', str(cluster.file)]
    with started(*inputs, *options) as run:
        eventually(lambda: child_that_has_open(worker.pid, 'long.mp4'))
        run.send_signal(signal.SIGINT)
        errors = run.stderr.read()
    assert run.returncode == 130
    assert 'the same with --resume goes on' in errors
    assert not list(Path().glob('*.parts'))
    with started(*inputs, *options, '--resume') as run:
        errors = run.stderr.read()
    assert run.returncode == 1
    assert 'done before' in errors
    assert lines_of('many.jsonl') == lines_of('one.jsonl')
    worker.kill()


def test_a_worker_with_another_release_is_left_out(cluster, place, tmp_path):
    ours = Path(PACKAGE_PARENT)
    shutil.copytree(ours / 'facemesh_ros', tmp_path / 'old' / 'facemesh_ros')
    with (tmp_path / 'old' / 'facemesh_ros' / 'errors.py').open('a') as code:
        code.write('# Changed.\n')
    old = cluster.add_worker(str(tmp_path / 'old'))
    with started('face.png', '--jsonl', 'out.jsonl', '--cluster', cluster.address) as run:
        errors = run.stderr.read()
    assert run.returncode == 1
    assert 'is of no use: its facemesh' in errors or 'is of no use: it has facemesh' in errors
    assert 'install the same everywhere' in errors
    assert 'Traceback' not in errors
    new = cluster.add_worker()
    with started('face.png', '--jsonl', 'out.jsonl', '--cluster', cluster.address) as run:
        errors = run.stderr.read()
    assert run.returncode == 0, errors
    assert len(Path('out.jsonl').read_text().splitlines()) == 1
    old.kill()
    new.kill()


def test_a_worker_that_does_not_see_the_files_is_told(cluster):
    worker = cluster.add_worker()
    # The same name is another folder there, as on a machine without the file system.
    options = ['--jsonl', 'out.jsonl', '--cluster', cluster.address]
    with started('/proc/self/cwd/face.png', *options) as run:
        errors = run.stderr.read()
    assert run.returncode == 1
    assert re.search(
        r'worker tcp://\S+ \(.*\) is of no use: it does not see /proc/self/cwd/face.png', errors
    )
    assert 'a file system that all machines share' in errors
    worker.kill()


def test_the_document_starts_dask_with_options_that_it_has(require_package):
    require_package('distributed')
    text = (Path(__file__).parents[2] / 'docs' / 'archives.md').read_text()
    started = re.findall(r'\bdask (scheduler|worker|ssh)\b([^#`\n]*)', text)
    assert {name for name, _ in started} == {'scheduler', 'worker', 'ssh'}
    for name, words in started:
        command = importlib.import_module(f'distributed.cli.dask_{name}').main
        known = {option for parameter in command.params for option in parameter.opts}
        assert known >= set(re.findall(r'--[a-z-]+', words)), (name, words)


@pytest.mark.parametrize(
    ('address', 'reason'),
    [
        ('tcp://127.0.0.1:9', 'no Dask scheduler answers at tcp://127.0.0.1:9 within 5 s'),
        ('nonsense', 'nonsense is no address of a cluster'),
        ('http://127.0.0.1:80', 'http://127.0.0.1:80 is no address of a cluster'),
        ('nowhere.json', 'nowhere.json cannot be read: No such file or directory'),
        ('words.json', 'words.json is no file of a scheduler'),
    ],
)
def test_an_address_where_no_cluster_is_is_told(require_package, capsys, address, reason):
    require_package('distributed')
    Path('words.json').write_text('words')
    assert main(['run', 'face.png', '--jsonl', 'out.jsonl', '--cluster', address]) == 1
    assert reason in capsys.readouterr().err
    assert not list(Path().glob('*.parts'))
