"""System packages: neither Ctrl-C nor an earlier one may leave a system half installed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'
PATIENCE_S = 60.0
INSTALL = 'from workspace import apt; apt.install(["g++"], [])'
# Each notes how it was called. apt-get install goes on when it is told to, or dies of Ctrl-C.
APT_GET = """#!/bin/sh
echo "apt-get $*" >> calls
case "$*" in
  *update*) exit $UPDATE_STATUS ;;
  *) [ ! -e journal/0001 ] || exit 100 ;;
esac
case "$*" in
  *download-only*) ;;
  *install*) until [ -e go ]; do touch waiting; sleep .05; done; touch installed ;;
esac
"""
DPKG = '#!/bin/sh\necho "dpkg $*" >> calls\nrm journal/0001\n'


@pytest.fixture
def machine(tmp_path):
    """A folder with stand-ins of apt-get and dpkg in front of the machine's own programs."""
    for name, script in (('apt-get', APT_GET), ('dpkg', DPKG)):
        (tmp_path / 'bin').mkdir(exist_ok=True)
        (tmp_path / 'bin' / name).write_text(script)
        (tmp_path / 'bin' / name).chmod(0o755)
    return tmp_path


def start(machine, source=INSTALL, update_status=0):
    return subprocess.Popen(
        [sys.executable, '-c', source],
        cwd=machine,
        env={
            **os.environ,
            'PATH': f'{machine}/bin:{os.environ["PATH"]}',
            'PYTHONPATH': str(TOOLS),
            'UPDATE_STATUS': str(update_status),
        },
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal of its own, so to say
    )


def wait_for(path):
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_c_ends_it_when_the_packages_are_whole(machine):
    running = start(machine)
    wait_for(machine / 'waiting')
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    assert any('to its end first' in line for line in running.stderr)
    (machine / 'go').touch()
    said = running.communicate(timeout=PATIENCE_S)[1]
    assert (machine / 'installed').exists()
    assert 'KeyboardInterrupt' in said  # which ./run tells in a sentence
    assert running.returncode != 0


def test_a_source_that_does_not_answer_is_no_end(machine):
    """One of several, as a user's own, is often gone; the others have the packages."""
    (machine / 'go').touch()
    running = start(machine, update_status=100)
    running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0
    assert (machine / 'installed').exists()


def test_an_interrupted_dpkg_is_mended(machine):
    (machine / 'journal').mkdir()
    (machine / 'journal' / '0001').touch()
    (machine / 'go').touch()
    source = f'from pathlib import Path\n{INSTALL}'.replace(
        'apt; ', 'apt; apt.DPKG_JOURNAL = Path("journal"); '
    )
    running = start(machine, source)
    running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0
    calls = (machine / 'calls').read_text().splitlines()
    assert calls.count('dpkg --configure -a') == 1
    assert calls[-1].endswith('install -y --no-install-recommends g++')
    assert (machine / 'installed').exists()


def test_the_command_to_type_works_on_a_new_and_on_an_interrupted_machine(
    workspace, monkeypatch, tmp_path
):
    apt = workspace('apt')
    monkeypatch.setattr(apt, 'DPKG_JOURNAL', tmp_path)
    wanted = 'sudo apt-get update && sudo apt-get install python3.11-venv g++'
    assert f'`{wanted}`' in apt.way_out(['python3.11-venv', 'g++'])
    (tmp_path / '0001').touch()
    assert f'`sudo dpkg --configure -a && {wanted}`' in apt.way_out(['python3.11-venv', 'g++'])
