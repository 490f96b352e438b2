"""The rooms of the package, and who may import whom.

A stage (detection, landmarks, tracking, smoothing, attributes) knows no other stage: only
`pipeline` knows their order, and only `assembly` joins them with models. Nothing imports a shell.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / 'facemesh_ros'
MODULES = sorted(PACKAGE.rglob('*.py'))
OUTSIDE_ROS = [path for path in MODULES if not path.is_relative_to(PACKAGE / 'ros')]
ROS_MODULES = ('rclpy', 'cv_bridge', 'launch', 'sensor_msgs_py', 'ament_index_python')

VALUES = {'errors', 'frame_clock', 'native', 'struct_of_arrays', 'thread_pool', 'types', 'version'}
STAGES = {'detection', 'landmarks', 'tracking', 'smoothing', 'attributes'}
PER_STAGE = {'geometry', 'image', 'inference', 'catalog', 'settings'}
# Which rooms each room may import, besides itself and the values that all share.
ROOMS: dict[str, set[str]] = {
    'catalog': set(),
    'consumer': set(),
    'settings': {'catalog'},
    'geometry': set(),
    'image': {'geometry'},
    'viz': {'consumer', 'geometry'},
    'inference': {'catalog', 'image', 'models'},
    'models': {'catalog', 'image'},
    **dict.fromkeys(STAGES, PER_STAGE),
    'pipeline': {'geometry', 'image', 'settings', *STAGES},
    'assembly': {'catalog', 'geometry', 'inference', 'models', 'pipeline', 'settings', *STAGES},
    'messages': {'assembly', 'geometry', 'image', 'viz'},
    'io': {'geometry', 'image', 'messages', 'viz'},
}
SHELLS = {'cli', 'ros'}
# Rooms that read no clock and open no file: their time is the frame's stamp.
PURE = {'consumer', 'geometry', 'image', 'settings', 'pipeline', *STAGES}
NETWORK = ('http', 'urllib', 'ssl', 'ftplib', 'smtplib', 'asyncio', 'requests')
RUNS_PIP = 'facemesh_ros.models.pip_wheel'
READS_ITS_BUILD = 'facemesh_ros.inference.diagnosis.facts'  # after it was imported there
FETCHES_MODELS = 'facemesh_ros.cli.models'
# Serves a page to this machine alone, which test/viz/rerun_view/test_viewer.py tries.
SERVES_THE_VIEWER = 'facemesh_ros.viz.rerun_view.local_page'
# Not even these, but for the models' sessions that a stage is given.
IN_NO_PURE_ROOM = ('facemesh_ros.models', 'time', 'datetime', 'rich', 'onnx', 'tflite')


def named(path):
    return '.'.join(path.relative_to(PACKAGE.parent).with_suffix('').parts)


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix('.py')


def imports_of(source, package):
    """Yield the full dotted names that the source of a module in a package imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split('.')[: len(package.split('.')) - node.level + 1]
            parts = [*(base if node.level else []), *filter(None, [node.module])]
            yield from ('.'.join([*parts, alias.name]) for alias in node.names)


@cache
def imports(path):
    return list(imports_of(path.read_text(), named(path.parent)))


def is_in(name, *packages):
    return any(f'{name}.'.startswith(f'{package}.') for package in packages)


def is_in_any(names, *packages):
    return any(is_in(name, *packages) for name in names)


def is_ros(name):
    top = name.partition('.')[0]
    is_message = top.endswith(('_msgs', '_srvs', '_interfaces')) or is_in(name, 'facemesh_ros.msg')
    is_ros_library = top.startswith(('ros', 'tf2')) and top != 'rosbags'
    return is_ros_library or top in ROS_MODULES or is_message


def drawn_floors():
    """Return the rooms of docs/architecture.md's drawing, floor by floor from the top."""
    text = (PACKAGE.parent / 'docs' / 'architecture.md').read_text(encoding='utf-8')
    drawing = text.split('<!-- rooms -->')[1].split('<!-- /rooms -->')[0].split('```')[1]
    floors: list[set[str]] = []
    for line in drawing.strip().splitlines():
        names = re.findall(r'\b([a-z_]+)(?:/|\.py)(?= |$)', line)
        # Stages need more than one line.
        if set(names) <= STAGES and floors and floors[-1] <= STAGES:
            floors[-1] |= set(names)
        else:
            floors.append(set(names))
    return floors


def test_the_drawing_of_the_rooms_is_true():
    floors = drawn_floors()
    floor_of = {name: number for number, floor in enumerate(floors) for name in floor}
    assert floor_of.keys() == {*ROOMS, *SHELLS, *VALUES}
    assert sum(map(len, floors)) == len(floor_of)
    for path in MODULES:
        room = room_of(path)
        for name in imports(path):
            other = name.split('.')[1] if name.startswith('facemesh_ros.') else room
            if other not in (room, 'msg') and room not in VALUES:
                assert floor_of[other] > floor_of[room], f'{named(path)} imports {name}'


def test_only_the_command_that_fetches_models_knows_the_network():
    known = {path: imports(path) for path in MODULES}
    knows = {named(path) for path, names in known.items() if is_in_any(names, *NETWORK)}
    knows = (knows | {RUNS_PIP}) - {SERVES_THE_VIEWER}
    while more := {
        named(path)
        for path, names in known.items()
        if named(path) not in knows and is_in_any(names, *knows)
    } - {FETCHES_MODELS}:
        knows |= more
    assert knows == {RUNS_PIP, 'facemesh_ros.models.download', 'facemesh_ros.models.fetch'}


def test_onnx_runtime_is_imported_in_one_place_which_turns_its_telemetry_off():
    importing = {named(path) for path in MODULES if is_in_any(imports(path), 'onnxruntime')}
    assert importing - {READS_ITS_BUILD} == {'facemesh_ros.inference.onnx_runtime'}


def test_every_room_has_its_rule():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / '__init__.py').exists()}
    assert rooms == {*ROOMS, *SHELLS}
    assert {path.stem for path in PACKAGE.glob('*.py*')} == {*VALUES, '__init__'}


@pytest.mark.parametrize('path', MODULES, ids=named)
def test_a_room_imports_only_what_it_may(path):
    room = room_of(path)
    ours = [name.split('.')[1] for name in imports(path) if name.startswith('facemesh_ros.')]
    if room in SHELLS:
        (other,) = SHELLS - {room}
        assert other not in ours
    elif room in VALUES or room == '__init__':
        assert set(ours) <= VALUES
    else:
        assert set(ours) <= {room, *VALUES, *ROOMS[room]}


@pytest.mark.parametrize('path', OUTSIDE_ROS, ids=named)
def test_only_the_ros_shell_imports_ros(path):
    assert not [name for name in imports(path) if is_ros(name)]


# All but the stopwatch for whoever wants to know how long the stages take.
PURE_MODULES = [
    path for path in MODULES if room_of(path) in PURE and path.name != 'stage_times.py'
]


@pytest.mark.parametrize('path', PURE_MODULES, ids=named)
def test_a_pure_room_reads_no_clock_and_no_file(path):
    assert not [name for name in imports(path) if is_in(name, *IN_NO_PURE_ROOM)]
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
    assert any(map(is_ros, imports_of(source, 'facemesh_ros.pipeline')))
