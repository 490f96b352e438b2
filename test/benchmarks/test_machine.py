"""What a page of figures says of the machine and of the code that they were measured on."""

import shutil
import subprocess
import sys

import pytest

from benchmarks.measuring import machine as measured_on


def git(folder, *arguments):
    identity = ['-c', 'user.name=name', '-c', 'user.email=name@example.com']
    command = ['git', '-C', folder, *identity, *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Return a checkout of one commit, which the figures are taken to be measured on."""
    if not shutil.which('git'):
        pytest.skip('git is not installed')
    for name in ('code.py', 'docs/figures.md'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('before\n')
    git(tmp_path, 'init')
    git(tmp_path, 'add', '.')
    git(tmp_path, 'commit', '-m', 'all')
    monkeypatch.setattr(measured_on, 'ROOT', tmp_path)
    return tmp_path


def test_figures_that_a_benchmark_writes_leave_the_code_as_it_is(checkout):
    (checkout / 'docs' / 'figures.md').write_text('after\n')
    assert 'dirty' not in measured_on.machine()['commit']


def test_changed_and_new_code_is_told(checkout):
    clean = measured_on.machine()['commit']
    (checkout / 'new.py').write_text('')
    assert measured_on.machine()['commit'] == f'{clean}-dirty'
    (checkout / 'new.py').unlink()
    (checkout / 'code.py').write_text('after\n')
    assert measured_on.machine()['commit'] == f'{clean}-dirty'


def test_a_machine_on_which_something_works_is_not_told_to_be_quiet():
    with subprocess.Popen([sys.executable, '-c', 'while True: pass']) as working:
        try:
            # Whoever keeps it from its core is counted too, so this holds on any machine.
            assert measured_on.cores_in_use() > 0.5
        finally:
            working.kill()
