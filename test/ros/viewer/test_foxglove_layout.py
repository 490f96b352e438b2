"""The Foxglove layout names what a node publishes and what `facemesh run --bag` writes."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from chromium import chromium, opened_page
from diagnostic_msgs.msg import DiagnosticArray
from mcap.reader import make_reader
from rclpy.serialization import deserialize_message
from recordings import bag_of
from sensor_msgs.msg import CameraInfo, Image

from facemesh_ros.cli.main import main
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.process.dds_profile import share_folder
from test.ros.viewer.foxglove_rules import (
    OF_SCRIPTS,
    is_plotted,
    panels_in,
    parsed,
    value_at,
    wanted_topics,
)

LAYOUT = json.loads((share_folder() / 'config' / 'foxglove_layout.json').read_text())
CONFIGS = LAYOUT['configById']
IMAGES = '/camera/image_raw'
# What only a running node can publish.
LIVE_ONLY = {'/diagnostics', '/facemesh/debug_image', '/facemesh/points'}
(SCRIPT,) = LAYOUT['userNodes'].values()
PLOTTED = [
    path['value'] for config in CONFIGS.values() for path in config.get('paths', ())
]  # fmt: skip
PATHS = [path for path in PLOTTED if not path.startswith(OF_SCRIPTS)]
FIRST_FACE = [path for path in PATHS if 'faces[1]' not in path]


def topics_of_layout():
    return [it for panel, config in CONFIGS.items() for it in wanted_topics(panel, config)]


def script_output():
    return re.search(r'output = "(.*?)"', SCRIPT['sourceCode'])[1]


def script_input():
    return json.loads(re.search(r'inputs = (\[.*?\])', SCRIPT['sourceCode'])[1])


def test_every_panel_is_shown_once():
    assert sorted(panels_in(LAYOUT['layout'], CONFIGS)) == sorted(CONFIGS)


def test_plots_of_the_script_name_what_it_returns():
    returned = re.search(r'type Output = \{(.*?)\}', SCRIPT['sourceCode'], re.S)[1]
    fields = set(re.findall(r'(\w+): number', returned))
    shown = [parsed(path) for path in PLOTTED if path.startswith(OF_SCRIPTS)]
    assert {topic for topic, _ in shown} == {script_output()}
    assert {steps[0] for _, steps in shown} == fields


def test_a_recording_with_faces_has_all_that_it_can(tmp_path, monkeypatch, astronaut_bgr):
    monkeypatch.chdir(tmp_path)
    head = np.ascontiguousarray(astronaut_bgr[10:250, 60:380])
    bag_of([head] * 4, IMAGES).write(Path('bag'))
    assert main(['run', 'bag', '--bag', 'out.mcap', '--model', 'mesh']) == 0
    types, last = {}, {}
    with open('out.mcap', 'rb') as file:
        for schema, channel, message in make_reader(file).iter_messages():
            types[channel.topic] = schema.name
            last[channel.topic] = message.data
    for wanted in topics_of_layout():
        if wanted.topic not in LIVE_ONLY:
            assert types[wanted.topic] in wanted.types, wanted
    assert not LIVE_ONLY & types.keys()
    assert set(script_input()) <= types.keys()
    assert '/tf' in types
    for path in FIRST_FACE:
        topic, steps = parsed(path)
        found = value_at(deserialize_message(last[topic], FaceMeshArray), steps)
        assert is_plotted(found), path
        # A file was not waited for.
        assert math.isfinite(found) or steps == ['latency'], path


def test_a_node_publishes_all_of_it(client, start_node, face_msg):
    start_node(
        ros_arguments=('-r', f'image_raw:={IMAGES}', '-r', 'camera_info:=/camera/camera_info')
    )
    images = client.create_publisher(Image, IMAGES, 1)
    heard = []
    client.create_subscription(DiagnosticArray, '/diagnostics', heard.append, 10)
    client.create_publisher(CameraInfo, '/camera/camera_info', 1)

    def is_answered():
        images.publish(face_msg())
        client.spin_for(0.1)
        return client.answers and client.answers[-1].faces

    client.wait_until(is_answered, 'a face')
    types = dict(client.get_topic_names_and_types())
    for wanted in topics_of_layout():
        assert set(types[wanted.topic]) & set(wanted.types), wanted
        assert client.count_publishers(wanted.topic), wanted
    for path in FIRST_FACE:
        _, steps = parsed(path)
        assert math.isfinite(value_at(client.answers[-1], steps)), path
    status = CONFIGS['DiagnosticStatusPanel!faces']
    client.wait_until(
        lambda: any(
            (it.hardware_id, it.name) == (status['selectedHardwareId'], status['selectedName'])
            for msg in heard
            for it in msg.status
        ),
        'the status that is shown',
    )


def frontal(turned_left=0.0, nodded_up=0.0, tilted=0.0):
    """Return the pose of a head that is turned one way, degrees: columns are out, left, up."""
    turn, nod, tilt = np.radians([turned_left, nodded_up, tilted])
    out = np.array([math.sin(turn), -math.sin(nod), -math.cos(turn) * math.cos(nod)])
    left = np.array([math.cos(turn) * math.cos(tilt), math.sin(tilt), math.sin(turn)])
    return np.column_stack([out, left, np.cross(out, left)])


@pytest.mark.parametrize('way', ['turned_left', 'nodded_up', 'tilted'])
@pytest.mark.parametrize('degrees', [-50.0, 0.0, 20.0])
def test_the_script_tells_how_a_head_is_turned(angles_of, way, degrees):
    """For a head that is turned one way, by what an onlooker sees: axes in the camera's frame."""
    angles = dict.fromkeys(('turned_left', 'nodded_up', 'tilted'), 0.0) | {way: degrees}
    found = angles_of(quaternion_xyzw_from_matrix(frontal(**angles)))
    for name, expected in angles.items():
        assert found[f'{name}_deg'] == pytest.approx(expected, abs=1e-6)


def test_the_script_says_nothing_of_heads_that_are_not_known(angles_of):
    assert angles_of([math.nan] * 4) is None


@pytest.fixture(scope='module')
def angles_of(tmp_path_factory, require):
    """Run the layout's script in a browser, without its types."""
    require(chromium(), 'Chromium')
    code = re.sub(r'^(import|type) .*$', '', SCRIPT['sourceCode'], flags=re.M)
    code = re.sub(r'^export (default )?', '', code, flags=re.M)
    code = re.sub(r'script\(event: .*\{$', 'script(event) {', code, flags=re.M)

    def run(xyzw):
        names = zip('xyzw', map(float, xyzw), strict=True)
        orientation = ', '.join(f'{name}: {str(it).replace("nan", "NaN")}' for name, it in names)
        event = f'{{message: {{faces: [{{pose: {{pose: {{orientation: {{{orientation}}}}}}}}}]}}}}'
        return page.value_of(f'(() => {{ {code}\n return script({event}); }})()')

    profile = tmp_path_factory.mktemp('browser') / 'profile'
    with opened_page(chromium(), profile, (300, 200)) as page:
        yield run
