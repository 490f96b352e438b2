"""One source for every parameter: what the code declares, YAML and README say too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import rclpy
import yaml
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParametersAtomically
from rclpy.parameter import parameter_value_to_python

from facemesh_ros.ros.parameters import NodeSettings, Parameters
from facemesh_ros.settings.parameter_specs import parameter_specs

ROOT = Path(__file__).parents[2]
YAML = ROOT / 'config' / 'facemesh.yaml'
README = ROOT / 'README.md'
TUNABLES = parameter_specs(NodeSettings)


def plain(value):
    """A value as YAML and ROS have it."""
    return list(value) if isinstance(value, tuple) else value


def test_yaml_holds_every_parameter_with_its_default():
    (given,) = (item['ros__parameters'] for item in yaml.safe_load(YAML.read_text()).values())
    assert given == {name: plain(default) for name, (default, _) in TUNABLES.items()}
    for name, (default, _) in TUNABLES.items():
        assert type(given[name]) is type(plain(default)), name


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
    rows = re.findall(r'^\| `([\w.]+)` \| `([^`]*)` \|', README.read_text(), re.M)
    assert dict(rows) == {
        name: '""' if default == '' else str(plain(default)).lower()
        for name, (default, _) in TUNABLES.items()
    }


@pytest.fixture(scope='module')
def node(start_node):
    return start_node()


def test_node_describes_every_parameter(client, node):
    request = DescribeParameters.Request(names=list(TUNABLES))
    answer = client.call(DescribeParameters, 'facemesh/describe_parameters', request)
    assert len(answer.descriptors) == len(TUNABLES)
    for descriptor, (_, known) in zip(answer.descriptors, TUNABLES.values(), strict=True):
        assert descriptor.description == known.text
        assert descriptor.read_only == known.read_only
        for choice in known.choices:
            assert choice in descriptor.additional_constraints


def test_node_starts_with_the_defaults(client, node):
    request = GetParameters.Request(names=list(TUNABLES))
    answer = client.call(GetParameters, 'facemesh/get_parameters', request)
    values = [parameter_value_to_python(value) for value in answer.values]
    assert values == [plain(default) for default, _ in TUNABLES.values()]


def test_a_refused_change_leaves_everything_as_it_was(client, node):
    changes = [
        rclpy.Parameter('min_presence_confidence', value=0.7).to_parameter_msg(),
        rclpy.Parameter('marker_style', value='sphere').to_parameter_msg(),
    ]
    request = SetParametersAtomically.Request(parameters=changes)
    name = 'facemesh/set_parameters_atomically'
    assert not client.call(SetParametersAtomically, name, request).result.successful
    request = GetParameters.Request(names=['min_presence_confidence'])
    (kept,) = client.call(GetParameters, 'facemesh/get_parameters', request).values
    assert kept.double_value == 0.5


@pytest.fixture
def parameters(ros):
    """The parameters of a node on which another one of its parts may refuse what they allow."""
    refused: set[str] = set()
    node = rclpy.create_node('refusing')

    def refuse(changes):
        found = refused & {change.name for change in changes}
        return SetParametersResult(successful=not found, reason='refused by another part')

    node.add_on_set_parameters_callback(refuse)  # rclpy asks the last one first
    yield Parameters(node), node, refused
    node.destroy_node()


def test_what_another_part_refuses_is_not_taken_over(parameters):
    known, node, refused = parameters
    before = known.settings
    refused.add('marker_style')
    changes = [
        rclpy.Parameter('min_presence_confidence', value=0.7),
        rclpy.Parameter('marker_style', value='points'),
    ]
    assert not node.set_parameters_atomically(changes).successful
    assert known.settings == before
    refused.clear()
    assert node.set_parameters_atomically(changes).successful
    assert (known.settings.min_presence_confidence, known.settings.marker_style) == (0.7, 'points')
    back = [rclpy.Parameter('marker_style', value='mesh')]
    assert all(result.successful for result in node.set_parameters(back))
    assert (known.settings.min_presence_confidence, known.settings.marker_style) == (0.7, 'mesh')


@pytest.mark.parametrize(
    'wrong',
    [
        rclpy.Parameter('min_detection_confidence', value=1.5),
        rclpy.Parameter('min_detection_confidence', value='high'),
        rclpy.Parameter('filter.type', value='kalman'),
        rclpy.Parameter('max_faces', value=8),
        rclpy.Parameter('cameras', value=['front']),
    ],
)
def test_one_refused_change_refuses_all_that_are_set_with_it(parameters, wrong):
    known, node, _ = parameters
    before = known.settings
    for changes in ([rclpy.Parameter('max_coast_frames', value=9), wrong], [wrong]):
        assert not node.set_parameters_atomically(changes).successful
        assert known.settings is before
