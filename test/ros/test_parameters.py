"""One source for every parameter: what the code declares, YAML and README say too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import rclpy
import yaml

from facemesh_ros.core.settings import tunables
from facemesh_ros.ros.node import FaceMeshNode
from facemesh_ros.ros.settings import NodeSettings

ROOT = Path(__file__).parents[2]
YAML = ROOT / 'config' / 'facemesh.yaml'
README = ROOT / 'README.md'
TUNABLES = tunables(NodeSettings)


def test_yaml_holds_every_parameter_with_its_default():
    (given,) = (item['ros__parameters'] for item in yaml.safe_load(YAML.read_text()).values())
    assert given == {name: default for name, (default, _) in TUNABLES.items()}
    for name, (default, _) in TUNABLES.items():
        assert type(given[name]) is type(default), name


@pytest.mark.parametrize('name', TUNABLES)
def test_yaml_documents_range_choices_and_liveness(name):
    known = TUNABLES[name][1]
    comment = re.search(rf'((?: *#.*\n)+) *{name}:', YAML.read_text())
    assert comment, f'{name} has no comment'
    text = ' '.join(comment[1].replace('#', ' ').split())
    assert text.endswith('Live.') is (not known.read_only)
    assert known.text.rstrip('.').lower() in text.lower()
    for choice in known.choices:
        assert choice in text
    if known.high is not None and known.high <= 64:
        assert f'{known.low:g} to {known.high:g}' in text


def test_readme_table_holds_every_parameter():
    rows = re.findall(r'^\| `(\w+)` \| `([^`]*)` \|', README.read_text(), re.M)
    assert dict(rows) == {
        name: '""' if default == '' else str(default).lower()
        for name, (default, _) in TUNABLES.items()
    }


@pytest.fixture(scope='module')
def node():
    node = FaceMeshNode()
    yield node
    node.destroy_node()


@pytest.mark.parametrize('name', TUNABLES)
def test_node_describes_every_parameter(node, name):
    default, known = TUNABLES[name]
    assert node.get_parameter(name).value == default
    descriptor = node.describe_parameter(name)
    assert descriptor.description == known.text
    assert descriptor.read_only == known.read_only
    for choice in known.choices:
        assert choice in descriptor.additional_constraints


def test_a_refused_change_leaves_everything_as_it_was(node):
    changes = [
        rclpy.Parameter('min_presence_confidence', value=0.7),
        rclpy.Parameter('marker_style', value='sphere'),
    ]
    result = node.set_parameters_atomically(changes)
    assert not result.successful
    assert node.get_parameter('min_presence_confidence').value == 0.5
