"""The layers: a pure core, shells around it, and nothing that imports a shell."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / 'facemesh_ros'
MODULES = sorted(PACKAGE.rglob('*.py'))
CORE = [path for path in MODULES if path.is_relative_to(PACKAGE / 'core')]
OUTSIDE_ROS = [path for path in MODULES if not path.is_relative_to(PACKAGE / 'ros')]
ROS_MODULES = ('rclpy', 'cv_bridge', 'launch', 'sensor_msgs_py', 'ament_index_python')


def named(path):
    return '.'.join(path.relative_to(PACKAGE.parent).with_suffix('').parts)


def imports_of(source, package):
    """Yield the full dotted names that the source of a module in a package imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split('.')[: len(package.split('.')) - node.level + 1]
            parts = [*(base if node.level else []), *filter(None, [node.module])]
            yield from ('.'.join([*parts, alias.name]) for alias in node.names)


def imports(path):
    return list(imports_of(path.read_text(), named(path.parent)))


def is_in(name, *packages):
    return any(f'{name}.'.startswith(f'{package}.') for package in packages)


def is_ros(name):
    top = name.partition('.')[0]
    is_message = top.endswith(('_msgs', '_srvs', '_interfaces')) or is_in(name, 'facemesh_ros.msg')
    return top.startswith(('ros', 'tf2')) or top in ROS_MODULES or is_message


@pytest.mark.parametrize('path', MODULES, ids=named)
def test_nothing_imports_a_shell(path):
    for shell in ('ros', 'cli'):
        if not path.is_relative_to(PACKAGE / shell):
            assert not [name for name in imports(path) if is_in(name, f'facemesh_ros.{shell}')]


@pytest.mark.parametrize('path', OUTSIDE_ROS, ids=named)
def test_only_the_ros_shell_imports_ros(path):
    assert not [name for name in imports(path) if is_ros(name)]


@pytest.mark.parametrize('path', CORE, ids=named)
def test_core_stands_alone_and_reads_no_clock(path):
    banned = (
        'facemesh_ros.device',
        'facemesh_ros.models',
        'time',
        'datetime',
        'rich',
        'onnx',
        'tflite',
    )
    assert not [name for name in imports(path) if is_in(name, *banned)]


@pytest.mark.parametrize('path', sorted((PACKAGE / 'device').glob('*.py')), ids=named)
def test_a_device_stands_on_the_core_alone(path):
    ours = [name for name in imports(path) if is_in(name, 'facemesh_ros')]
    assert all(is_in(name, 'facemesh_ros.core', 'facemesh_ros.device') for name in ours)


@pytest.mark.parametrize('path', CORE, ids=named)
def test_core_opens_no_file(path):
    called = [
        node.func for node in ast.walk(ast.parse(path.read_text())) if type(node) is ast.Call
    ]
    names = {func.id for func in called if isinstance(func, ast.Name)}
    names |= {func.attr for func in called if isinstance(func, ast.Attribute)}
    writers = {'open', 'write_bytes', 'write_text', 'imread', 'imwrite', 'VideoCapture'}
    assert not names & writers


@pytest.mark.parametrize(
    'source',
    [
        'import rclpy.node',
        'def late():\n    from std_msgs.msg import Header',
        'from facemesh_ros import msg',
        'from .. import msg',
        'from ..msg import FaceMesh',
    ],
)
def test_the_rules_see_each_way_to_import_ros(source):
    assert any(map(is_ros, imports_of(source, 'facemesh_ros.core')))
