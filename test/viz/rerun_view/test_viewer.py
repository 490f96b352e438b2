"""The viewer is started, served to this machine alone, silent to all others, and ended."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from facemesh_ros.viz.rerun_view.sdk import ViewerError
from facemesh_ros.viz.rerun_view.view_target import Place, ViewTarget
from facemesh_ros.viz.rerun_view.viewer_process import free_port, quiet_environment

from .conftest import seen

START_S = 60.0


@contextlib.contextmanager
def opened(target, said):
    from facemesh_ros.viz.rerun_view import RerunView

    with RerunView(target, tell=said.append) as view:
        view.show(seen())
        yield view


def answer(port, method='GET', path='/', **headers):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_the_page_is_served_from_one_port_to_this_machine_alone():
    port, said = free_port(), []
    with opened(ViewTarget(Place.WEB, port), said):
        assert f'http://localhost:{port}' in said[0]
        first = answer(port)
        assert first.status == 302
        # The browser comes back by the name it has used: another port at the other end of ssh.
        assert f'127.0.0.1%3A{port}' in first.headers['Location']
        forwarded = answer(port, Host='localhost:8123')
        assert 'localhost%3A8123' in forwarded.headers['Location']
        page = answer(port, path=first.headers['Location'])
        assert page.status == 200
        policy = page.headers['Content-Security-Policy']
        assert "connect-src 'self' data: blob:;" in policy
        assert 'http' not in policy
        assert answer(port, path='/re_viewer.js').status == 200
        with pytest.raises(OSError, match='refused'):
            socket.create_connection((_other_address(), port), timeout=5)
    with pytest.raises(OSError, match='refused'):
        answer(port)


def test_pages_of_other_sites_are_refused():
    port = free_port()
    with opened(ViewTarget(Place.WEB, port), []):
        assert answer(port, Host=f'evil.example:{port}').status == 403
        assert answer(port, Origin='http://evil.example').status == 403
        path = '/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages'
        headers = {'Host': f'localhost:{port}', 'Origin': 'http://localhost:1'}
        assert answer(port, 'POST', path, **headers).status == 403
        assert answer(port, 'OPTIONS', path).status == 501


def test_a_port_that_is_taken_is_named_and_without_one_another_is_found():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ViewerError, match=f'port {port} cannot be used'):
            opened(ViewTarget(Place.WEB, port), []).__enter__()


def test_without_a_display_a_window_is_a_page(monkeypatch):
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    said = []
    with opened(ViewTarget(), said) as view:
        assert view.is_open
        assert 'browser' in said[0]


def test_a_window_that_cannot_be_opened_says_why(monkeypatch):
    monkeypatch.setenv('DISPLAY', ':4242')
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    with pytest.raises(ViewerError, match='did not start'):
        opened(ViewTarget(Place.WINDOW), []).__enter__()


def test_a_viewer_that_has_ended_is_told_and_the_file_is_whole(tmp_path):
    from rerun_file import RerunFile

    with opened(ViewTarget(Place.WEB, save=tmp_path / 'it.rrd'), []) as view:
        assert view.is_open
        (child,) = _children()
        os.kill(child, signal.SIGKILL)
        end_s = time.monotonic() + START_S
        while view.is_open:
            assert time.monotonic() < end_s
            time.sleep(0.05)
        assert view.has_ended
        view.show(seen([], 1))  # nobody looks on, and nothing fails
    assert not _children()
    counts = RerunFile(tmp_path / 'it.rrd').rows['/camera/image_raw/curves/faces']
    assert [number for number, _ in counts] == [None, 0, 1]


def test_the_viewer_is_told_to_report_nothing(tmp_path, monkeypatch):
    inherited = {'FORCE_RERUN_ANALYTICS': '1', 'DISPLAY': ':0', 'HOME': str(tmp_path)}
    environment = quiet_environment(tmp_path / 'own', inherited)
    assert 'FORCE_RERUN_ANALYTICS' not in environment
    assert environment['DISPLAY'] == ':0'
    from facemesh_ros.viz.rerun_view.sdk import viewer_program

    # Rerun's own word on it.
    said = subprocess.run(
        [viewer_program(), 'analytics', 'config'],
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    )
    (at,) = [i for i, letter in enumerate(said.stdout) if letter == '{'][:1]
    config = json.loads(said.stdout[at : said.stdout.rindex('}') + 1])
    assert config['analytics_enabled'] is False
    assert Path(config['config_file_path']).is_relative_to(tmp_path / 'own')


def test_nothing_is_written_to_the_home_folder_and_nobody_is_called(tmp_path):
    if shutil.which('strace') is None:
        pytest.skip('needs strace, and the right to trace processes')
    home, calls = tmp_path / 'home', tmp_path / 'calls'
    home.mkdir()
    script = (
        'from facemesh_ros.viz.rerun_view import *\n'
        'import time, pathlib\n'
        'with RerunView(ViewTarget(Place.WEB)) as view:\n'
        '    time.sleep(3)\n'
    )
    env = {name: it for name, it in os.environ.items() if not name.startswith('XDG_')}
    traced = ['strace', '-f', '-qq', '-e', 'trace=connect,sendto', '-o', str(calls)]
    subprocess.run(
        [*traced, sys.executable, '-c', script], env={**env, 'HOME': str(home)}, check=True
    )
    assert not list(home.rglob('*'))
    places = [line for line in calls.read_text().splitlines() if 'AF_INET' in line]
    assert places  # the viewer was looked for
    assert not [line for line in places if '127.0.0.1' not in line]


def _children() -> list[int]:
    listed = Path(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read_text()
    return [
        int(child)
        for child in listed.split()
        if 'rerun' in Path(f'/proc/{child}/cmdline').read_text()
    ]


def _other_address() -> str:
    """An address of this machine that is not localhost's own, in its network or not."""
    return '127.0.0.2'
