"""What is wrong with a file of parameters is said in one line that names it, by real nodes."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import yaml
from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import GetParameters, ListParameters
from rclpy.parameter import parameter_value_to_python

from facemesh_ros.ros.parameter_files import (
    ParameterFileError,
    Section,
    check_files_are_for,
    nearest,
    origin,
    parameters_in_file,
    sections_of,
)

PATIENCE_S = 30.0
IDLE = ('autostart:=false',)
FAST = ('landmark_model:=mesh', 'detector:=short_range')
REFUSED = {
    'wrong type': ('/facemesh: {ros__parameters: {max_faces: two}}', 'max_faces must be a whole'),
    'no decimal point': (
        '/facemesh: {ros__parameters: {min_detection_confidence: 1}}',
        'min_detection_confidence must be a number with a decimal point; got 1, write 1.0',
    ),
    'null': ('/facemesh: {ros__parameters: {second_look: null}}', 'second_look must be true or'),
    'too large': (
        '/facemesh: {ros__parameters: {max_faces: 1000}}',
        'max_faces must be at most 64; got 1000',
    ),
    'wrong choice': (
        '/facemesh: {ros__parameters: {filter: {type: kalman}}}',
        "filter.type must be one of none, one_euro, rigid; got 'kalman'",
    ),
    'no list': ('/facemesh: {ros__parameters: {cameras: front}}', 'cameras must be a list of'),
    'not YAML': (
        '/facemesh:\n  ros__parameters: [1\n  a: b\n',
        'it is not YAML: line 3: expected',
    ),
    'a tab': ('/facemesh:\n\tros__parameters: {max_faces: 3}\n', 'it is not YAML: line 2: '),
    'not text': (b'\xff\xfe\x00', 'it is not YAML: '),
    'no ros__parameters': (
        '/facemesh: {max_faces: 3}',
        'under /facemesh/max_faces there is 3, outside of ros__parameters; the form is "/**: {',
    ),
    'one underscore': (
        '/facemesh: {ros_parameters: {max_faces: 3}}',
        'under /facemesh/ros_parameters/max_faces there is 3, outside of ros__parameters',
    ),
    'no node': ('ros__parameters: {max_faces: 3}', "ros__parameters is under no node's name"),
    'nothing in it': ('/facemesh: {ros__parameters: }', 'are nothing, no names with values'),
    'mixed list': (
        '/facemesh: {ros__parameters: {cameras: [a, 1]}}',
        'Sequence should be of same type',  # as rcl says it
    ),
    'misspelt node': (
        '/face_mesh: {ros__parameters: {max_faces: 3}}',
        'nothing in it is for /facemesh, only for /face_mesh; write /facemesh for /face_mesh, or',
    ),
    'other namespace': (
        '/robot/facemesh: {ros__parameters: {max_faces: 3}}',
        'nothing in it is for /facemesh, only for /robot/facemesh; write /facemesh for',
    ),
}


@pytest.fixture
def params_file(tmp_path):
    def write(content):
        path = tmp_path / 'params.yaml'
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize('kind', REFUSED)
def test_a_bad_file_ends_the_node_with_the_reason(start_node, params_file, kind):
    content, reason = REFUSED[kind]
    path = params_file(content)
    node = start_node(*IDLE, ros_arguments=('--params-file', str(path)))
    assert node.process.wait(PATIENCE_S) == 1
    (line,) = [line for line in node.log.splitlines() if line.startswith('facemesh: ')]
    assert line.startswith(f'facemesh: {path}: ')
    assert reason in line
    assert 'Traceback' not in node.log


@pytest.mark.parametrize('name', ['nowhere.yaml', '.'])
def test_a_file_that_cannot_be_read_ends_the_node(start_node, tmp_path, name):
    node = start_node(*IDLE, ros_arguments=('--params-file', str(tmp_path / name)))
    assert node.process.wait(PATIENCE_S) == 1
    assert re.search(rf'^facemesh: {tmp_path}.*: (No such file|Is a directory)', node.log, re.M)
    assert 'Traceback' not in node.log


TOLD = {
    'unknown names': (
        '/**: {ros__parameters: {max_face: 3, filter: {min_cutof_hz: 1.0}, exposure: 7}}',
        'unknown parameters exposure, filter.min_cutof_hz (the nearest is filter.min_cutoff_hz), '
        'max_face (the nearest is max_faces); ignored',
    ),
    'a group too many': (
        '/**: {ros__parameters: {max_faces: {value: 3}}}',
        'unknown parameter max_faces.value (the nearest is max_faces); ignored',
    ),
    "other nodes' file": (
        '/camera: {ros__parameters: {exposure: 7}}',
        'params.yaml: nothing under /camera is for this node, /facemesh',
    ),
    'misspelt beside /**': (
        '{/**: {ros__parameters: {max_faces: 3}}, /facemsh: {ros__parameters: {max_faces: 4}}}',
        'params.yaml: nothing under /facemsh is for this node, /facemesh',
    ),
}


@pytest.mark.parametrize('kind', TOLD)
def test_what_a_shared_file_may_hold_is_told_and_no_more(client, start_node, params_file, kind):
    content, told = TOLD[kind]
    node = start_node(*IDLE, ros_arguments=('--params-file', str(params_file(content))))
    client.call(GetState, 'facemesh/get_state', GetState.Request())
    (warning,) = [line for line in node.log.splitlines() if 'WARN' in line]
    assert warning.endswith(told)
    assert node.stop() == 0


def test_an_unknown_quality_of_service_is_told_once_topics_are_there(client, start_node):
    wrong = 'qos_overrides./image_row.subscription.reliability'
    right = 'qos_overrides./image_raw.subscription.reliability'
    node = start_node(*FAST, f'{wrong}:=reliable')
    client.wait_until(lambda: wrong in node.log, 'the warning')
    assert f'unknown parameter {wrong} (the nearest is {right}); ignored' in node.log
    assert node.stop() == 0


def dumped(client):
    """The node's parameters, in a file as `ros2 param dump` writes it."""
    names = client.call(ListParameters, 'facemesh/list_parameters', ListParameters.Request())
    asked = GetParameters.Request(names=sorted(names.result.names))
    answer = client.call(GetParameters, 'facemesh/get_parameters', asked)
    tree = {}
    for name, value in zip(asked.names, answer.values, strict=True):
        *groups, last = name.split('.')
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[last] = parameter_value_to_python(value)
    return yaml.dump({'/facemesh': {'ros__parameters': tree}}, default_flow_style=False)


@pytest.mark.parametrize('cameras', ['[]', '[front, rear]'])
def test_what_was_dumped_can_be_loaded(client, start_node, params_file, cameras):
    given = params_file(f'/**: {{ros__parameters: {{cameras: {cameras}, max_coast_frames: 9}}}}')
    first = start_node(*FAST, ros_arguments=('--params-file', str(given)))
    client.wait_until(lambda: 'provider report' in first.log, 'the first node')
    before = dumped(client)
    assert first.stop() == 0
    assert yaml.safe_load(before)['/facemesh']['ros__parameters']['cameras'] == yaml.safe_load(
        cameras
    )
    second = start_node(ros_arguments=('--params-file', str(params_file(before))))
    client.wait_until(lambda: 'provider report' in second.log, 'the second node')
    assert dumped(client) == before
    assert 'unknown parameter' not in second.log
    assert second.stop() == 0


@pytest.mark.parametrize(
    ('pattern', 'names', 'others'),
    [
        ('/**', ['/facemesh', '/a/b/facemesh'], []),
        ('/*', ['/facemesh'], ['/a/facemesh']),
        ('/*/facemesh', ['/a/facemesh'], ['/facemesh', '/a/b/facemesh']),
        ('/**/facemesh', ['/facemesh', '/a/b/facemesh'], ['/a/other']),
        ('/a.b', [], ['/axb']),
    ],
)
def test_wildcards_are_those_of_rcl(pattern, names, others):
    section = Section(pattern, {})
    assert [section.is_for(name) for name in names + others] == [True] * len(names) + [
        False
    ] * len(others)


def test_later_sections_and_arguments_win(params_file):
    path = params_file(
        '{/**: {ros__parameters: {a: 1, b.c: 2}}, robot: {facemesh: {ros__parameters: {a: 3}}}}'
    )
    assert parameters_in_file(str(path), '/robot/facemesh') == {'a': 3, 'b.c': 2}
    assert parameters_in_file(str(path), '/facemesh') == {'a': 1, 'b.c': 2}
    arguments = ['node', '-p', 'x:=1', '--ros-args', '--params-file', str(path), '-p', 'm:a:=4']
    assert origin(arguments, '/facemesh', 'a') == '-p'
    assert origin(arguments, '/facemesh', 'b.c') == str(path)
    assert origin(arguments, '/facemesh', 'x') == ''


def test_an_empty_file_is_no_fault(params_file):
    path = params_file('# all by default\n')
    assert sections_of(str(path)) == []
    assert check_files_are_for('/facemesh', ['--ros-args', '--params-file', str(path)]) == []


def test_tags_are_ignored_as_by_rcl(client, start_node, params_file):
    """launch_ros writes a list as a tuple of Python's."""
    path = params_file(
        '/**:\n  ros__parameters:\n    cameras: !!python/tuple [front]\n'
        '    target_frame: !!str "1"\n    max_faces: !thing 3\n'
    )
    assert parameters_in_file(str(path), '/facemesh')['cameras'] == ['front']
    node = start_node(*IDLE, ros_arguments=('--params-file', str(path)))
    asked = GetParameters.Request(names=['cameras'])
    answer = client.call(GetParameters, 'facemesh/get_parameters', asked)
    assert parameter_value_to_python(answer.values[0]) == ['front']
    assert node.stop() == 0


def test_nodes_that_share_a_file_each_have_their_section(params_file):
    path = params_file(
        '{/server1: {ros__parameters: {a: 1}}, /server2: {ros__parameters: {a: 1}}}'
    )
    arguments = ['--ros-args', '--params-file', str(path)]
    assert check_files_are_for('/server2', arguments) == []
    with pytest.raises(ParameterFileError, match='only for /server1, /server2'):
        check_files_are_for('/server3', arguments)


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('max_face', 'max_faces'),
        ('num_faces', 'max_faces'),
        ('type', 'filter.type'),
        ('filter_type', 'filter.type'),
        ('smoothing.beta', 'filter.beta'),
        ('exposure', ''),
    ],
)
def test_the_nearest_name(name, expected):
    assert nearest(name, ['max_faces', 'filter.type', 'filter.beta', 'landmark_model']) == expected


def test_the_bridge_explains_its_files_too(params_file):
    pytest.importorskip('hri_msgs')
    path = params_file('/hri_bridge: {ros__parameters: {face_width: wide}}')
    command = [sys.executable, '-m', 'facemesh_ros.ros.hri_bridge', '--ros-args']
    done = subprocess.run(
        [*command, '--params-file', str(path)], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 1
    assert f"hri_bridge: {path}: face_width must be a whole number; got 'wide'" in done.stderr
    assert 'Traceback' not in done.stderr


def test_launch_files_need_no_inference_runtime():
    """The Python of `ros2 launch` is often another one than the node's virtual environment."""
    source = (
        'import sys, facemesh_ros.ros.launch_arguments, facemesh_ros.ros.rviz_config, '
        'facemesh_ros.ros.process.dds_profile as _; '
        'print({"onnxruntime", "cv2", "onnx", "rich"} & {*sys.modules})'
    )
    said = subprocess.run(
        [sys.executable, '-c', source], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == 'set()'
