"""`ros2 topic`, `param`, `service`, `lifecycle`, `node` … ask the live node for what it has."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from documents import blocks, commands, documents, prose_of
from lifecycle_msgs.srv import GetAvailableTransitions
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters
from rclpy.parameter import Parameter, parameter_value_to_python
from shown_output import missing_line

from test.ros.conftest import Client, NodeProcess
from test.ros.documents import conftest
from test.ros.documents.conftest import ros2_cases


@pytest.fixture(scope='module', autouse=True)
def live_node(start_node) -> NodeProcess:
    """One for all questions; it loads what is quickest."""
    return start_node('landmark_model:=mesh', 'detector:=short_range')


@pytest.fixture
def caller(ros) -> Iterator[Client]:
    node = Client('caller')
    yield node
    node.destroy_node()


VERBS = {
    'topic': {'echo', 'hz', 'bw', 'delay', 'info', 'type', 'list', 'find', 'pub'},
    'param': {'get', 'set', 'list', 'describe', 'dump', 'load', 'delete'},
    'service': {'call', 'list', 'type', 'info', 'find'},
    'lifecycle': {'get', 'set', 'list', 'nodes'},
    'node': {'list', 'info'},
    'bag': {'record', 'play', 'info', 'convert', 'reindex'},
    'interface': {'show', 'list', 'package', 'proto'},
    'pkg': {'prefix', 'list', 'executables', 'xml'},
    'security': {'create_keystore', 'create_enclave', 'create_permission', 'generate_policy'},
    'daemon': {'start', 'stop', 'status'},
    'doctor': {''},
    'component': {'list'},
}
# Options of each that take no value; all others take one.
FLAGS = {
    *(
        '--once',
        '--no-arr',
        '--no-str',
        '--csv',
        '--flow-style',
        '-t',
        '--show-types',
        '--verbose',
    ),
    *(
        '-v',
        '--clock',
        '--loop',
        '-l',
        '-a',
        '--all',
        '--compression-mode',
        '--share',
        '-1',
        '--raw',
    ),
    *('--start-paused', '--no-daemon', '--include-hidden-topics'),
}
# What cameras, other nodes and drivers publish, by the end of the name.
INPUTS = re.compile(
    r'(image\w*|camera_info|compressed|theora|depth\w*|points|tf|tf_static|clock)$'
)
# A robot's or a demo's namespace before a name of ours.
BEFORE = re.compile(r'^/(demo_\w+|robot\w*|left|right)(?=/facemesh)')
CAMERA = re.compile(r'(?<=^/facemesh)(?:/robot\d)?/(front|rear|left|right|<camera>)(?=/)')


def ours(name: str) -> str:
    return CAMERA.sub('', BEFORE.sub('', name if name.startswith('/') else f'/{name}'))


def split(words) -> list[str]:
    """Return the words that are no options and no values of them."""
    plain, waits = [], False
    for word in words:
        is_option = bool(re.match(r'--?[A-Za-z]', word))
        if waits and not is_option:
            waits = False
        elif is_option:
            waits = word not in FLAGS and '=' not in word
        else:
            plain.append(word)
    return plain


def test_every_group_of_commands_is_known():
    known = {*VERBS, 'run', 'launch'}
    for command in commands():
        for part in command.parts:
            if part.program == 'ros2':
                assert part.words[1] in known, (
                    f'{command.where}: nobody knows ros2 {part.words[1]}'
                )


def check_topic(words, graph, caller) -> None:
    verb, *names = split(words) or ['list']
    if verb in ('list', 'find') or not names:
        return
    name = ours(names[0])
    if INPUTS.search(name) and not name.startswith('/facemesh/'):
        return
    graph.wait_for(lambda: name in graph.topics, name)
    (kind,) = graph.topics[name]
    if len(names) > 1:
        assert names[1] == kind
    if '--field' in words:
        assert_field(interface(kind), words[words.index('--field') + 1])


def assert_field(message: Any, path: str) -> None:
    for step in path.split('.'):
        name = step.partition('[')[0]
        types = message.get_fields_and_field_types()
        assert name in types, f'{message.__name__} has no {name}'
        package, slash, kind = re.sub(r'^sequence<|>$|\[\d*\]$', '', types[name]).partition('/')
        if slash:
            message = interface(f'{package}/msg/{kind}')


def interface(name: str) -> Any:
    """Return the class of `std_srvs/srv/SetBool`, or of a message."""
    package, kind, title = name.split('/')
    return getattr(importlib.import_module(f'{package}.{kind}'), title)


def fill(message: Any, values: dict[str, Any]) -> None:
    """Set the fields of a message from YAML, which raises if there is none or of another type."""
    for name, value in values.items():
        if isinstance(value, dict):
            fill(getattr(message, name), value)
        else:
            setattr(message, name, value)


def check_service(words, graph, caller) -> None:
    verb, *names = split(words) or ['list']
    if verb in ('list', 'find') or not names:
        return
    name = ours(names[0])
    graph.wait_for(lambda: name in graph.services, name)
    (kind,) = graph.services[name]
    if len(names) > 1:
        assert names[1] == kind
    if verb == 'call' and len(names) > 1:
        service = interface(kind)
        request = service.Request()
        fill(request, yaml.safe_load(names[2]) if len(names) > 2 else {})
        answer = caller.call(service, name, request)
        assert getattr(answer, 'success', True), answer
        if name.endswith('/enable'):
            caller.call(service, name, service.Request(data=True))


def check_param(words, graph, caller) -> None:
    verb, *rest = split(words) or ['list']
    if not rest:
        return
    node = ours(rest[0])
    graph.wait_for(lambda: f'{node}/get_parameters' in graph.services, node)
    if verb not in ('get', 'set', 'describe') or len(rest) < 2 or rest[1].isupper():
        return
    name = rest[1]
    asked = DescribeParameters.Request(names=[name])
    told = caller.call(DescribeParameters, f'{node}/describe_parameters', asked).descriptors
    types = [about.type for about in told]
    assert set(types) - {ParameterType.PARAMETER_NOT_SET}, f'no parameter {name}'
    if verb == 'set':
        asked = GetParameters.Request(names=[name])
        (before,) = caller.call(GetParameters, f'{node}/get_parameters', asked).values
        for value in (yaml.safe_load(rest[2]), parameter_value_to_python(before)):
            change = Parameter(name, value=value).to_parameter_msg()
            request = SetParameters.Request(parameters=[change])
            (result,) = caller.call(SetParameters, f'{node}/set_parameters', request).results
            assert result.successful, result.reason


def check_lifecycle(words, graph, caller) -> None:
    verb, *rest = split(words) or ['nodes']
    if not rest:
        return
    node = ours(rest[0])
    service = f'{node}/get_transition_graph'
    graph.wait_for(lambda: service in graph.services, node)
    if verb == 'set':
        request = GetAvailableTransitions.Request()
        offered = caller.call(GetAvailableTransitions, service, request).available_transitions
        assert rest[1] in {each.transition.label for each in offered}


def check_node(words, graph, caller) -> None:
    verb, *rest = split(words) or ['list']
    if verb == 'info':
        graph.wait_for(lambda: ours(rest[0]) in graph.nodes, rest[0])


def check_bag(words, graph, caller) -> None:
    for word in split(words):
        if word.startswith('/facemesh') or '/facemesh/' in word:
            graph.wait_for(lambda word=word: ours(word) in graph.topics, word)


def check_interface(words, graph, caller) -> None:
    verb, *rest = split(words) or ['list']
    if verb == 'show':
        assert interface(rest[0])


CHECKS = {
    'topic': check_topic,
    'service': check_service,
    'param': check_param,
    'lifecycle': check_lifecycle,
    'node': check_node,
    'bag': check_bag,
    'interface': check_interface,
}
ASKED = [
    pytest.param(group, case.values[0], id=case.id)
    for group in VERBS
    for case in ros2_cases(group)
]


@pytest.mark.parametrize(('group', 'words'), ASKED)
def test_what_is_asked_for_is_there(group, words, graph, caller):
    """A mention may be of a group of commands only."""
    assert not words or words[0] in VERBS[group] or '' in VERBS[group], words
    if (ros2 := shutil.which('ros2')) and words:
        subprocess.run([ros2, group, words[0], '--help'], check=True, capture_output=True)
    if group in CHECKS:
        CHECKS[group](words, graph, caller)


@pytest.mark.parametrize(
    ('group', 'words'),
    [
        ('topic', 'echo /facemesh/landmark'),
        ('topic', 'echo /facemesh/landmarks --field faces[0].nose'),
        ('topic', 'hz /facemesh/landmarks std_msgs/msg/String'),
        ('service', 'call /facemesh/enabled std_srvs/srv/SetBool'),
        ('service', "call /facemesh/enable std_srvs/srv/SetBool '{date: true}'"),
        ('param', 'set /facemesh max_coast_frames -1'),
        ('param', 'get /facemesh max_face'),
        ('lifecycle', 'set /facemesh start'),
        ('node', 'info /facemesh_node'),
        ('bag', 'record /facemesh/faces'),
        ('interface', 'show facemesh_ros/msg/FaceMeshes'),
    ],
)
def test_what_is_not_there_is_found(group, words, graph, caller, monkeypatch):
    monkeypatch.setattr(conftest, 'DISCOVERY_S', 0.5)
    with pytest.raises((AssertionError, AttributeError)):
        CHECKS[group](shlex.split(words), graph, caller)


NAMES = sorted(
    {
        (name, page.name)
        for page in documents()
        for name in re.findall(r'`(~/[\w/]+|/facemesh/[\w/]+)`', prose_of(page))
    }
)


def test_names_in_prose_are_topics_and_services(graph):
    """Code spans as `~/landmarks` and `/facemesh/enable` in all pages."""
    # A folder of the reader's is in a command too.
    typed = ' '.join(command.text for command in commands())
    wanted = {
        ours(name.replace('~', '/facemesh', 1)): f'{page}: {name}'
        for name, page in NAMES
        if not (name.startswith('~') and name in typed)
    }
    assert len(wanted) > 10

    def missing() -> list[str]:
        known = {*graph.topics, *graph.services}
        return [where for name, where in wanted.items() if name not in known]

    graph.wait_for(lambda: not missing(), missing())


def test_the_providers_are_reported_as_documents_show_it(graph, live_node):
    shown = [
        line
        for block in blocks()
        for line in block.text.splitlines()
        if line.startswith('provider report: CPU')
    ]
    assert shown

    def printed() -> list[str]:
        return [line.partition(']: ')[2] or line for line in live_node.log.splitlines()]

    graph.wait_for(lambda: missing_line(shown, printed()) is None, f'{shown}, but {printed()}')
