"""Files that nothing here can run, read by the linters of their formats.

These have an environment of their own, `.venv/peers/linters`.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE_FILES = sorted((ROOT / 'docker').glob('compose*.yaml'))
WORKFLOWS = sorted((ROOT / '.github' / 'workflows').iterdir())


@pytest.fixture(scope='module')
def lint():
    """Return a function that runs a linter and returns what it finds."""
    sys.path.insert(0, str(ROOT / 'tools'))
    from workspace.layout import SetupError
    from workspace.peers import peer_python

    try:
        programs = peer_python('linters').parent
    except SetupError as error:
        pytest.skip(f'the linters cannot be installed: {error}')

    def run(name, *arguments):
        command = [programs / name, *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr if done.returncode else ''

    return run


def test_dockerfile(lint):
    assert not lint('hadolint', '--config', '.hadolint.yaml', 'docker/Dockerfile')


def test_a_dockerfile_with_a_fault_is_found(lint, tmp_path):
    (tmp_path / 'Dockerfile').write_text('FROM ubuntu\nRUN cd /tmp && sudo ls $1\n')
    assert 'DL3006' in lint('hadolint', tmp_path / 'Dockerfile')


@pytest.mark.parametrize('file', COMPOSE_FILES, ids=lambda file: file.name)
def test_compose_files_are_of_the_specification(lint, file):
    assert not lint('check-jsonschema', '--builtin-schema', 'vendor.compose-spec', file)


@pytest.mark.parametrize('file', WORKFLOWS, ids=lambda file: file.name)
def test_workflows_are_of_their_schema(lint, file):
    assert not lint('check-jsonschema', '--builtin-schema', 'vendor.github-workflows', file)


def test_a_compose_file_and_a_workflow_with_a_fault_are_found(lint, tmp_path):
    faulty = tmp_path / 'faulty.yaml'
    faulty.write_text('services: {node: {ipc: [host]}}\njobs: {test: {steps: [{ran: ls}]}}\n')
    for schema in ('compose-spec', 'github-workflows'):
        assert lint('check-jsonschema', '--builtin-schema', f'vendor.{schema}', faulty)


def test_shell_scripts(lint):
    assert not lint('shellcheck', '--external-sources', 'docker/entrypoint.sh', '.ci/run')


@pytest.mark.parametrize('file', WORKFLOWS, ids=lambda file: file.name)
def test_shell_lines_of_workflows(lint, tmp_path, file):
    """As GitHub runs them: its expressions are values by then."""
    scripts = []
    for name, job in yaml.safe_load(file.read_text())['jobs'].items():
        for number, lines in enumerate(step['run'] for step in job['steps'] if 'run' in step):
            scripts.append(tmp_path / f'{name}-{number}.sh')
            values = re.sub(r'\$\{\{.*?\}\}', 'value', lines)
            # What a workspace's build makes cannot be followed.
            scripts[-1].write_text(f'#!/bin/bash\n# shellcheck disable=SC1091\ntrue\n{values}\n')
    assert scripts
    assert not lint('shellcheck', *scripts)
