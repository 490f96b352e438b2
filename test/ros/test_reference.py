"""What the reference says of topics, services and diagnostics is what a running node has."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from rcl_interfaces.srv import GetParameters, ListParameters
from rclpy.qos import QoSDurabilityPolicy, QoSReliabilityPolicy

TOOLS = Path(__file__).parents[2] / 'tools'
# Of every node of ROS 2, and of every lifecycle node, told in one sentence.
OF_EVERY_NODE = re.compile(
    r'/(parameter_events|rosout)|.*/(\w*parameter\w*|get_type_description|transition_event'
    r'|get_available_\w+|get_transition_graph)'
)


@pytest.fixture(scope='module', autouse=True)
def node(start_node):
    return start_node('landmark_model:=mesh')


@pytest.fixture
def reference(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    return lambda name: importlib.import_module(f'reference.{name}')


def full(name):
    return re.sub('^~', '/facemesh', name) if name[0] in '~/' else f'/{name}'


def graph(client, kind):
    """Types of what the node has, by name, without what every node has."""
    found = getattr(client, f'get_{kind}_names_and_types_by_node')('facemesh', '/')
    return {
        name: re.sub('/(msg|srv)/', '/', types[0])
        for name, types in found
        if not OF_EVERY_NODE.fullmatch(name)
    }


def optional_topics(topics):
    """Those whose message packages may be missing."""
    names = {'detections': 'vision_msgs', 'annotations': 'foxglove_msgs'}
    missing = {f'~/{name}' for name, it in names.items() if not importlib.util.find_spec(it)}
    return [topic for topic in topics if topic.name not in missing]


def test_topics_and_services(client, face_msg, reference):
    topics = reference('topics')
    client.answer_to(face_msg())
    client.wait_until(lambda: '/diagnostics' in graph(client, 'publisher'), 'diagnostics')
    for kind, told in (('subscriber', topics.SUBSCRIBED), ('publisher', topics.PUBLISHED)):
        types = {full(topic.name): topic.type for topic in optional_topics(told)}
        assert graph(client, kind) == types
    services = {full(name): kind for name, (kind, _) in topics.SERVICES.items()}
    assert graph(client, 'service') == services


def test_quality_of_service(client, face_msg, reference):
    topics = reference('topics')
    client.answer_to(face_msg())
    listed = client.call(
        ListParameters,
        'facemesh/list_parameters',
        ListParameters.Request(prefixes=['qos_overrides']),
    ).result.names
    values = client.call(
        GetParameters, 'facemesh/get_parameters', GetParameters.Request(names=listed)
    ).values
    overrides = dict(zip(listed, values, strict=True))
    for role, told, find in (
        ('subscription', topics.SUBSCRIBED, client.get_subscriptions_info_by_topic),
        ('publisher', topics.PUBLISHED, client.get_publishers_info_by_topic),
    ):
        for topic in optional_topics(told):
            (qos,) = (
                end.qos_profile for end in find(full(topic.name)) if end.node_name == 'facemesh'
            )
            assert (qos.reliability == QoSReliabilityPolicy.RELIABLE) is topic.reliable, topic
            is_latched = qos.durability == QoSDurabilityPolicy.TRANSIENT_LOCAL
            assert is_latched is topic.latched, topic
            if topic.name != '/diagnostics':
                depth = overrides[f'qos_overrides.{full(topic.name)}.{role}.depth']
                assert depth.integer_value == topic.depth, topic


def test_values_of_diagnostics(client, face_msg, reference):
    client.status_after(face_msg(), '1 face(s)', b'\0')
    told = reference('diagnostics').KEYS
    patterns = [re.sub(r'<\w+>', '.+', re.sub(r'([()])', r'\\\1', key)) for key in told]
    found = {key: [it for it in patterns if re.fullmatch(it, key)] for key in client.figures}
    assert [key for key, of in found.items() if not of] == []
    assert set(patterns) - {it for of in found.values() for it in of} == {'provider warning'}
