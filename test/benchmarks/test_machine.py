"""Machine and code as a page of figures names them, and how busy the machine is."""

import shutil
import subprocess
import sys

import pytest
from common import machine as machine_module


def git(folder, *arguments):
    identity = ['-c', 'user.name=name', '-c', 'user.email=name@example.com']
    command = ['git', '-C', folder, *identity, *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Return a checkout of one commit, used in place of this one."""
    if not shutil.which('git'):
        pytest.skip('git is not installed')
    for name in ('code.py', 'docs/figures.md'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('before\n')
    git(tmp_path, 'init')
    git(tmp_path, 'add', '.')
    git(tmp_path, 'commit', '-m', 'all')
    monkeypatch.setattr(machine_module, 'ROOT', tmp_path)
    return tmp_path


def test_figures_that_a_benchmark_writes_leave_the_code_as_it_is(checkout):
    (checkout / 'docs' / 'figures.md').write_text('after\n')
    assert 'dirty' not in machine_module.machine()['commit']


def test_changed_and_new_code_is_marked(checkout):
    clean = machine_module.machine()['commit']
    (checkout / 'new.py').write_text('')
    assert machine_module.machine()['commit'] == f'{clean}-dirty'
    (checkout / 'new.py').unlink()
    (checkout / 'code.py').write_text('after\n')
    assert machine_module.machine()['commit'] == f'{clean}-dirty'


def test_a_busy_core_is_counted():
    with subprocess.Popen([sys.executable, '-c', 'while True: pass']) as busy:
        try:
            # Processes that keep it from its core count too, so this holds on any machine.
            assert machine_module.cores_in_use() > 0.5
        finally:
            busy.kill()
