"""Every parameter: YAML and README agree with what the code declares."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import rclpy
import yaml
from rcl_interfaces.msg import ParameterType, SetParametersResult
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParametersAtomically
from rclpy.parameter import parameter_value_to_python

from facemesh_ros.ros.parameters import NodeSettings, Parameters
from facemesh_ros.settings.parameter_specs import parameter_specs

TYPES = {
    bool: ParameterType.PARAMETER_BOOL,
    int: ParameterType.PARAMETER_INTEGER,
    float: ParameterType.PARAMETER_DOUBLE,
    str: ParameterType.PARAMETER_STRING,
    tuple: ParameterType.PARAMETER_STRING_ARRAY,
}
ROOT = Path(__file__).parents[2]
YAML = ROOT / 'config' / 'facemesh.yaml'
README = ROOT / 'README.md'
SPECS = parameter_specs(NodeSettings)


def plain(value):
    """A value as YAML and ROS have it."""
    return list(value) if isinstance(value, tuple) else value


@pytest.fixture(scope='module')
def tables():
    path = ROOT / 'tools' / 'write_parameter_tables.py'
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REWRITE = "./run shell -c 'python tools/write_parameter_tables.py' writes both"


def test_yaml_and_readme_say_what_the_code_declares(tables):
    assert YAML.read_text() == tables.yaml_text(), REWRITE
    assert tables.readme_table() in README.read_text(), REWRITE


def test_yaml_holds_every_parameter_with_its_default():
    (given,) = (item['ros__parameters'] for item in yaml.safe_load(YAML.read_text()).values())
    assert given == {name: plain(default) for name, (default, _) in SPECS.items()}
    for name, (default, _) in SPECS.items():
        assert type(given[name]) is type(plain(default)), name


@pytest.mark.parametrize('name', SPECS)
def test_each_entry_has_default_range_choices_and_liveness(name):
    """Of whatever writes them: what a reader needs is there."""
    default, spec = SPECS[name]
    comment = re.search(rf'((?: *#.*\n)+) *{name}:', YAML.read_text())
    row = re.search(rf'^\| `{name}` \| `([^`]*)` \|(.*)\| (.*) \|$', README.read_text(), re.M)
    assert comment, f'{name} has no comment'
    assert row, f'{name} is not in the README'
    assert row[1] == ('""' if default == '' else str(plain(default)).lower())
    assert row[2].strip() == ('' if spec.read_only else 'yes')
    text = ' '.join(comment[1].replace('#', ' ').split())
    assert text.endswith('Live.') is (not spec.read_only)
    for said in (text, row[3].replace('`', '')):
        assert spec.text.rstrip('.') in said
        for choice in spec.choices:
            assert choice in said
        if spec.high is not None:
            assert f'{spec.low:g} to {spec.high:g}' in said


@pytest.fixture(scope='module')
def node(start_node):
    return start_node()


def test_node_describes_every_parameter(client, node):
    request = DescribeParameters.Request(names=list(SPECS))
    answer = client.call(DescribeParameters, 'facemesh/describe_parameters', request)
    assert len(answer.descriptors) == len(SPECS)
    for descriptor, (default, spec) in zip(answer.descriptors, SPECS.values(), strict=True):
        assert descriptor.description == spec.text
        assert descriptor.read_only == spec.read_only
        assert spec.constraints in descriptor.additional_constraints
        for choice in spec.choices:
            assert choice in descriptor.additional_constraints
        ranges = [*descriptor.floating_point_range, *descriptor.integer_range]
        bounds = [] if spec.low is None else [(spec.low, spec.high)]
        assert [(one.from_value, one.to_value) for one in ranges] == bounds
        assert descriptor.type == TYPES[type(default)]
        assert not descriptor.dynamic_typing


def test_node_starts_with_the_defaults(client, node):
    request = GetParameters.Request(names=list(SPECS))
    answer = client.call(GetParameters, 'facemesh/get_parameters', request)
    values = [parameter_value_to_python(value) for value in answer.values]
    assert values == [plain(default) for default, _ in SPECS.values()]


def test_an_unknown_name_is_refused_with_the_nearest_one(client, node):
    refused = client.set_parameter('marker_stile', string_value='points')
    assert not refused.successful
    assert refused.reason == 'unknown parameter marker_stile (the nearest is marker_style)'


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
    """Parameters of a node whose changes may also be refused by another callback."""
    refused: set[str] = set()
    node = rclpy.create_node('refusing')

    def refuse(changes):
        found = refused & {change.name for change in changes}
        return SetParametersResult(successful=not found, reason='refused by another callback')

    node.add_on_set_parameters_callback(refuse)  # rclpy asks the last one first
    yield Parameters(node), node, refused
    node.destroy_node()


def test_a_change_that_another_callback_refuses_is_not_stored(parameters):
    spec, node, refused = parameters
    before = spec.settings
    refused.add('marker_style')
    changes = [
        rclpy.Parameter('min_presence_confidence', value=0.7),
        rclpy.Parameter('marker_style', value='points'),
    ]
    assert not node.set_parameters_atomically(changes).successful
    assert spec.settings == before
    refused.clear()
    assert node.set_parameters_atomically(changes).successful
    assert (spec.settings.min_presence_confidence, spec.settings.marker_style) == (0.7, 'points')
    back = [rclpy.Parameter('marker_style', value='mesh')]
    assert all(result.successful for result in node.set_parameters(back))
    assert (spec.settings.min_presence_confidence, spec.settings.marker_style) == (0.7, 'mesh')


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
    spec, node, _ = parameters
    before = spec.settings
    for changes in ([rclpy.Parameter('max_coast_frames', value=9), wrong], [wrong]):
        assert not node.set_parameters_atomically(changes).successful
        assert spec.settings is before
