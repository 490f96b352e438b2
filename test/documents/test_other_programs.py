"""Commands for docker, apt, pip, git and ROS' build tools: what they name exists here.

They need another machine, its administrator, or the network, and are not run.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from documents import ROOT, commands
from rosdep_keys import packages_of_keys
from setuptools_extras import extras, requirements

DISTROS = ('humble', 'jazzy', 'kilted', 'rolling')
# Packages of apt that no key of rosdep stands for here, and what they are for.
APT = {
    'python3-dev': 'compiles the messages',
    'g++': 'compiles the messages',
    'ca-certificates': 'pip',
    'strace': 'tests',
    'ros-$ROS_DISTRO-sros2': 'docs/security.md',
    'ros-$ROS_DISTRO-camera-calibration': 'calibrates a camera',
    'ros-$ROS_DISTRO-realsense2-camera': 'a driver',
}
# Packages of pip that nothing here depends on.
PIP = {
    'onnxruntime-gpu': 'another ONNX Runtime',
    'tensorrt-cu13': 'TensorRT',
    'rerun-sdk': 'the viewer',
    'asyncssh': 'workers by ssh',
    'paramiko': 'workers by ssh',
}
COMPOSE_WORDS = ('up', 'down', 'run', 'logs', 'build', 'config', 'ps', 'exec')
DOCKERFILE = (ROOT / 'docker' / 'Dockerfile').read_text(encoding='utf-8')
# A package's words of the command line, and what each program takes.
ROS_TOOLS = {
    'rosdep': ('init', 'update', 'install', 'keys', 'resolve'),
    'colcon': ('build', 'test', 'test-result', 'list'),
    'rosdoc2': ('build',),
    'fastdds': ('shm', 'discovery'),
    'rviz2': ('-d', '-f'),
    'git': ('clone', 'pull', 'checkout'),
}


def cases(*programs: str) -> list:
    found = {
        part.words: command.where
        for command in reversed(commands())
        for part in command.parts
        if part.program in programs
    }
    return [pytest.param(words, id=where) for words, where in found.items()]


@pytest.mark.parametrize('words', cases('apt', 'apt-get'))
def test_packages_of_apt_are_known(words):
    known = {package for keys in packages_of_keys().values() for package in keys.values()}
    for word in words[2:]:
        if word in APT or word.startswith('-'):
            continue
        names = {re.sub(r'\$\{?ROS_DISTRO\}?|<distro>', distro, word) for distro in DISTROS}
        assert names & known, f'{word}: not in test/support/rosdep_keys.tsv, nor in APT here'


@pytest.mark.parametrize('words', cases('pip', 'pip3'))
def test_what_pip_installs_is_known(words):
    assert words[1] in ('install', 'uninstall', 'download', 'wheel')
    known = {*requirements(), *PIP, *wheels()}
    before = ''
    for word in words[2:]:
        if before in ('-r', '-c', '--requirement'):
            assert of_the_checkout(word).exists(), word
        elif before in ('-d', '-w', '--find-links', '--target', '--platform', '--python-version'):
            pass
        elif not word.startswith('-'):
            name, _, wanted = word.partition('[')
            name = re.split(r'[<>=!~;\[]', name)[0]
            if name == '.':
                assert set(filter(None, wanted.rstrip(']').split(','))) <= set(extras())
            elif '/' not in name and not name.endswith('.whl'):
                assert name in known, f'{name}: not in setup.py, tools/wheels, nor in PIP here'
        before = word


@cache
def wheels() -> set[str]:
    lines = [
        line
        for file in (ROOT / 'tools' / 'wheels').glob('*.txt')
        for line in file.read_text(encoding='utf-8').splitlines()
    ]
    return {re.split(r'[<>=!~;\[ ]', line)[0] for line in lines if line[:1].isalpha()}


def of_the_checkout(name: str) -> Path:
    """Return a file that is named in a workspace, where the checkout is src/facemesh_ros."""
    return ROOT / name.removeprefix('src/facemesh_ros/')


@pytest.mark.parametrize('words', cases('docker'))
def test_docker_finds_files_stages_services_and_arguments(words):
    pairs = list(pairwise(words))
    files = [value for option, value in pairs if option in ('-f', '--file')]
    for file in files:
        assert (ROOT / file).exists(), file
    if words[1] == 'compose':
        assert_compose(words, pairs, files)
        return
    assert words[1] in ('build', 'run', 'stop', 'kill', 'logs', 'exec', 'pull', 'save', 'load')
    for option, value in pairs:
        if option == '--build-arg':
            name, _, chosen = value.partition('=')
            assert re.search(rf'^ARG {name}\b', DOCKERFILE, re.M), value
            assert_choice(name, chosen)
        if option == '--target':
            assert re.search(rf'^FROM \S+ AS {value}$', DOCKERFILE, re.M), value


def assert_choice(name: str, value: str) -> None:
    if name == 'ONNXRUNTIME':
        assert (ROOT / 'tools' / 'wheels' / f'{value}.txt').exists(), value
    elif name == 'MODELS':
        assert f' AS models-{value}\n' in DOCKERFILE, value
    elif name == 'ROS_DISTRO':
        assert value in DISTROS


def assert_compose(words, pairs, files) -> None:
    services = {}
    for file in files:
        for name, service in yaml.safe_load((ROOT / file).read_text())['services'].items():
            services[name] = services.get(name, {}) | service
    profiles = {name for service in services.values() for name in service.get('profiles', [])}
    for option, value in pairs:
        if option == '--profile':
            assert value in profiles, value
    verbs = [word for word in words if word in COMPOSE_WORDS]
    assert verbs, words
    rest = words[words.index(verbs[0]) + 1 :]
    for word in (word for word in rest if not word.startswith('-')):
        assert word in services, word


@pytest.mark.parametrize('words', cases(*ROS_TOOLS))
def test_other_tools_name_what_there_is(words):
    program, verb = words[:2]
    assert verb in ROS_TOOLS[program]
    for option, value in pairwise(words):
        if option in ('--packages-select', '--packages-up-to'):
            assert value == 'facemesh_ros'
        if option == '--package-path':
            assert (ROOT / value / 'package.xml').exists()


def test_every_variable_of_ours_is_read_by_the_code():
    """FACEMESH_… in a document is known to the code, its tests, or the containers."""
    sources = [
        path.read_text(encoding='utf-8')
        for folder in ('facemesh_ros', 'tools', 'test', 'benchmarks', 'docker', 'launch')
        for path in (ROOT / folder).rglob('*')
        if path.suffix in ('.py', '.yaml', '.sh', '') and path.is_file() and path != Path(__file__)
    ]
    code = '\n'.join([*sources, (ROOT / 'package.xml').read_text()])
    for page in {command.path for command in commands() if command.path.endswith('.md')}:
        text = (ROOT / page).read_text(encoding='utf-8')
        for name in re.findall(r'\bFACEMESH_[A-Z_]+\b', text):
            assert name in code, f'{page}: {name}'
