"""The policies of SROS2 name exactly what the running node reads and writes."""

from __future__ import annotations

import importlib.util
import os
import time
from itertools import product
from pathlib import Path

import pytest
from rclpy.node import NodeNameNonExistentError

from facemesh_ros.ros.process.dds_profile import share_folder
from test.ros.security.keystore import enclaves_of

STAND_IN = Path(__file__).parents[1] / 'stand_in'
PYTHONPATH = os.pathsep.join([*filter(None, [os.environ.get('PYTHONPATH')]), str(STAND_IN)])
# Parameters that between them make the node create all it ever creates.
CONFIGURATIONS = {
    'plain': (),
    'full': ('use_sim_time:=true', 'image_transport:=compressed', 'target_frame:=map'),
}
KINDS = {
    'publish': 'publisher',
    'subscribe': 'subscriber',
    'reply': 'service',
    'request': 'client',
}
DISCOVERY_S = 5.0
# Published where the packages of their messages are installed.
PACKAGES = {'detections': 'vision_msgs', 'annotations': 'foxglove_msgs'}
ENCLAVES = {'/facemesh': (), '/facemesh_cameras': ('cameras:=[front, rear]',)}


def namespace_of(enclave, configuration):
    return f'{enclave}_{configuration}'


@pytest.fixture(scope='module')
def nodes(start_node):
    """Nodes of every configuration, each in a namespace of its own."""
    return {
        namespace_of(enclave, name): start_node(
            'landmark_model:=mesh',
            *cameras,
            *parameters,
            environment={'PYTHONPATH': PYTHONPATH},
            ros_arguments=('-r', f'__ns:={namespace_of(enclave, name)}'),
        )
        for (enclave, cameras), (name, parameters) in product(
            ENCLAVES.items(), CONFIGURATIONS.items()
        )
    }


def names_in(client, namespace, kind):
    """Return the names, without the namespace, that its node creates as far as is known by now."""
    try:
        found = getattr(client, f'get_{kind}_names_and_types_by_node')('facemesh', namespace)
    except NodeNameNonExistentError:
        return set()
    return {name.removeprefix(namespace) for name, _ in found}


def created(client, enclave):
    """Return what the nodes of an enclave create, by what is done with it."""
    return {
        action: set().union(
            *(names_in(client, namespace_of(enclave, name), kind) for name in CONFIGURATIONS)
        )
        for action, kind in KINDS.items()
    }


def can_be_published(name):
    package = PACKAGES.get(name.rpartition('/')[2])
    return package is None or importlib.util.find_spec(package) is not None


@pytest.mark.parametrize('path', ENCLAVES)
def test_the_policy_of_the_node_is_what_it_creates_and_nothing_else(client, nodes, path):
    for name in CONFIGURATIONS:
        node = nodes[namespace_of(path, name)]
        client.wait_until(lambda node=node: 'provider report' in node.log, f'{name} node')
    enclave = enclaves_of(share_folder() / 'config' / 'sros2' / 'facemesh.policy.xml')[path]
    allowed = {**enclave.topics, **enclave.services}
    allowed['publish'] = {name for name in allowed['publish'] if can_be_published(name)}
    end_s = time.monotonic() + DISCOVERY_S
    while (found := created(client, path)) != allowed and time.monotonic() < end_s:
        client.spin_for(0.1)
    assert found == allowed
