"""`ros2 launch …` of the documents: files, arguments, and the node that they would start.

The launch system comes with a ROS installation only: test/ros/launching runs it. Here the node is
started by hand with what the launch file gives it.
"""

from __future__ import annotations

import ast
import shutil
import subprocess

import pytest
from documents import ROOT

from facemesh_ros.ros.launch_arguments import (
    PARAMETERS,
    SPECS,
    boolean,
    cameras_of,
    parameter_values,
    remappings_of,
    seconds,
)
from test.ros.documents.conftest import ros2_cases

# Launch files of others that documents name, with the arguments they give them.
FOREIGN = {
    'foxglove_bridge foxglove_bridge_launch.xml': ('port', 'address'),
    'realsense2_camera rs_launch.py': (
        'align_depth.enable',
        'camera_name',
        'camera_namespace',
        'depth_module.depth_profile',
        'enable_sync',
        'rgb_camera.color_profile',
    ),
    'usb_cam camera.launch.py': (),
}
CASES = ros2_cases('launch')
PLACEHOLDERS = ('FILE',)
WITH_A_GPU = ('cuda', 'tensorrt', 'openvino')


def literal(file: str, name: str) -> dict[str, str]:
    """Return the names in a constant of a launch file, which needs launch to be imported."""
    (value,) = (
        node.value
        for node in ast.parse((ROOT / 'launch' / file).read_text(encoding='utf-8')).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    )
    defaults = {}
    for key, item in zip(value.keys, value.values, strict=True):
        first = item.elts[0] if isinstance(item, ast.Tuple) else None
        defaults[key.value] = first.value if isinstance(first, ast.Constant) else ''
    return defaults


OURS = literal('facemesh.launch.py', 'ARGUMENTS')
SOURCES = literal('demo.launch.py', 'SOURCES')
DEFAULTS = {**OURS, **dict.fromkeys(PARAMETERS, '')}
OF_US = [
    case
    for case in CASES
    if case.values[0][:1] == ('facemesh_ros',)
    and case.values[0][1:2] not in [(p,) for p in PLACEHOLDERS]
]
OTHERS = [case for case in CASES if case.values[0][:1] not in [('facemesh_ros',), ()]]


def given(words) -> dict[str, str]:
    pairs = [word.partition(':=') for word in words if ':=' in word]
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize('words', OTHERS)
def test_a_launch_file_of_others_is_known(words):
    named = ' '.join(words[:2])
    assert named in FOREIGN, f'ros2 launch {named}: nobody knows it; add it to FOREIGN here'
    assert set(given(words)) <= set(FOREIGN[named]), words


@pytest.mark.parametrize('words', OF_US)
def test_file_and_arguments_exist_and_are_valid(words, tmp_path):
    file, *arguments = words[1:]
    assert (ROOT / 'launch' / file).exists(), file
    assert set(arguments) - {'--show-args'} <= {word for word in arguments if ':=' in word}
    values = given(arguments)
    known = {*DEFAULTS, *(SOURCES if file == 'demo.launch.py' else ())}
    assert set(values) <= known, f'{file} has no argument {set(values) - known}'
    values = in_a_file({**DEFAULTS, **values}, tmp_path)
    cameras = cameras_of(values, '/facemesh')
    remappings_of(values, cameras)
    parameter_values(values)
    for name in ('rviz', 'hri', 'respawn'):
        boolean(values, name)
    seconds(values, 'respawn_delay')
    assert file != 'demo.launch.py' or not values['cameras']


def in_a_file(values: dict[str, str], folder) -> dict[str, str]:
    """Return arguments with a file of parameters that is there."""
    params = folder / 'params.yaml'
    params.write_text('/**: {ros__parameters: {}}')
    return {**values, 'params_file': str(params)}


def test_a_ros_installation_shows_these_arguments():
    ros2 = shutil.which('ros2') or pytest.skip('ros2 comes with a ROS installation')
    for file in {case.values[0][1] for case in OF_US}:
        command = [ros2, 'launch', str(ROOT / 'launch' / file), '--show-args']
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for case in OF_US:
            if case.values[0][1] == file:
                assert all(f"'{name}':" in shown for name in given(case.values[0]))


# The same node once: RViz, bridge and demo sources are processes beside it.
NODES = {
    tuple(
        sorted(
            item
            for item in given(case.values[0]).items()
            if item[0] in DEFAULTS and item[0] not in ('rviz', 'hri', 'respawn', 'params_file')
        )
    ): case
    for case in reversed(OF_US)
    if given(case.values[0]).get('execution_provider') not in WITH_A_GPU
}


@pytest.mark.parametrize(
    'items', [pytest.param(items, id=case.id) for items, case in NODES.items()]
)
def test_the_node_that_it_starts_subscribes_to_what_is_named(items, start_node, graph, tmp_path):
    values = in_a_file({**DEFAULTS, **dict(items)}, tmp_path)
    cameras = cameras_of(values, '/facemesh')
    rules = [f'{ours}:={theirs}' for ours, theirs in remappings_of(values, cameras)]
    rules.append(f'__node:={values["node_name"]}')
    if values['namespace']:
        rules.append(f'__ns:={values["namespace"]}')
    parameters = {'landmark_model': 'mesh', 'detector': 'short_range', **parameter_values(values)}
    if cameras:
        parameters['cameras'] = f'[{", ".join(cameras)}]'
    graph.wait_for(lambda: not graph.nodes & {'/facemesh', f'/{values["node_name"]}'}, 'silence')
    node = start_node(
        *(f'{name}:={str(value).lower()}' for name, value in parameters.items()),
        ros_arguments=[part for rule in rules for part in ('-r', rule)],
    )
    compressed = '/compressed' if values['image_transport'] == 'compressed' else ''
    for camera in cameras or ['']:
        topic = '/'.join(filter(None, [camera, values['image_topic'] + compressed]))
        topic = topic if topic.startswith('/') else f'/{topic}'
        graph.wait_for(
            lambda topic=topic: graph.client.count_subscribers(topic) or node.process.poll(), topic
        )
        assert node.process.poll() is None, node.log
    assert node.stop() == 0, node.log


def test_arguments_are_parameters_or_the_launch_files_own():
    assert set(PARAMETERS) <= set(SPECS)
    assert 'image_topic' in OURS
    assert set(SOURCES) == {'camera', 'video', 'image'}
