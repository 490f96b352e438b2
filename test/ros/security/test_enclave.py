"""The policies enforced: what they allow works, and nothing else does.

Needs a middleware with DDS security: that of a ROS installation, or Cyclone DDS. The Fast DDS of
the wheels has none (docs/middleware.md).
"""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ros_domain import own_domain

from facemesh_ros.ros.process.dds_profile import share_folder
from test.ros.conftest import PATIENCE_S
from test.ros.security.keystore import Keystore, enclaves_of

CAMERA = Path(__file__).parents[1] / 'camera.py'
LISTENER = Path(__file__).with_name('listener.py')
DOMAIN = own_domain()
LACKS_LANDMARKS = '/facemesh_without_landmarks'
HEARD_S, SILENT_S = PATIENCE_S, 6.0
NO_SECURITY = 'security libraries'


@pytest.fixture(scope='module')
def keystore(tmp_path_factory):
    if shutil.which('openssl') is None:
        pytest.skip('needs openssl')
    keystore = Keystore(tmp_path_factory.mktemp('security') / 'keystore', DOMAIN)
    enclaves = enclaves_of(share_folder() / 'config' / 'sros2' / 'facemesh.policy.xml')
    for enclave in enclaves.values():
        keystore.add(enclave)
    without = copy.deepcopy(enclaves['/facemesh'])
    without.path = LACKS_LANDMARKS
    without.topics['publish'].remove('/facemesh/landmarks')
    keystore.add(without)
    return keystore


def environment_of(keystore, enclave=''):
    """Return the environment of a process in an enclave, or of an intruder without one."""
    known = {name: value for name, value in os.environ.items() if 'SECURITY' not in name}
    if not enclave:
        return {**known, 'ROS_DOMAIN_ID': str(DOMAIN)}
    return {**known, **keystore.environment, 'ROS_SECURITY_ENCLAVE_OVERRIDE': enclave}


@pytest.fixture(scope='module')
def has_security(keystore):
    """Skip unless a participant of an enclave can exist."""
    said = listen(keystore, '/face_consumer', 0.1)
    if NO_SECURITY in said:
        pytest.skip(f'needs a middleware with DDS security: {said}')
    assert said == 'heard 0'


def listen(keystore, enclave, seconds, name='face_consumer'):
    """Return what a listener prints."""
    command = [sys.executable, str(LISTENER), name, str(seconds)]
    return subprocess.run(
        command,
        env=environment_of(keystore, enclave),
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + PATIENCE_S,
    ).stdout.splitlines()[-1]


def start_camera(keystore, enclave):
    return subprocess.Popen(
        [sys.executable, str(CAMERA)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment_of(keystore, enclave),
    )


@pytest.fixture(scope='module')
def secured(keystore, has_security, start_node):
    """The node in its enclave, and a camera in its own."""
    node = start_node('landmark_model:=mesh', environment=environment_of(keystore, '/facemesh'))
    with start_camera(keystore, '/camera') as camera:
        yield node
        camera.kill()


def test_with_the_policy_the_node_answers_its_camera(keystore, secured):
    assert listen(keystore, '/face_consumer', HEARD_S) == 'heard 3', secured.log


def test_who_has_no_keys_hears_nothing(keystore, secured):
    assert listen(keystore, '', SILENT_S) == 'heard 0'


def test_who_has_keys_but_no_permission_may_not_even_subscribe(keystore, secured):
    assert listen(keystore, '/camera', SILENT_S, 'camera').startswith('refused')


def test_a_camera_without_keys_finds_nobody_to_send_to(keystore, secured):
    with start_camera(keystore, '') as camera:
        time.sleep(SILENT_S)
        sent = camera.communicate('')[0].splitlines()[-1]
    assert sent == '0'


def test_a_node_whose_policy_lacks_a_topic_ends_and_names_it(keystore, has_security, start_node):
    node = start_node(
        'landmark_model:=mesh', environment=environment_of(keystore, LACKS_LANDMARKS)
    )
    assert node.process.wait(PATIENCE_S) == 1
    assert '~/landmarks' in node.log
    assert 'config/sros2' in node.log


def test_without_its_keys_the_node_ends_and_says_so(keystore, start_node):
    environment = environment_of(keystore, '/nobody')
    node = start_node(environment=environment)
    assert node.process.wait(PATIENCE_S) == 1
    assert "enclaves/nobody' does not exist" in node.log
    assert 'Traceback' not in node.log


def test_a_middleware_without_security_does_not_run_unsecured(keystore, start_node):
    if NO_SECURITY not in listen(keystore, '/face_consumer', 0.1):
        pytest.skip('this middleware has security')
    node = start_node(environment=environment_of(keystore, '/facemesh'))
    assert node.process.wait(PATIENCE_S) == 1
    assert NO_SECURITY in node.log
    assert 'Traceback' not in node.log
