"""Images lost in shared memory of Fast DDS' default size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from facemesh_ros.ros.process.dds_profile import large_image_profile
from facemesh_ros.ros.process.middleware import is_fast_dds

CAMERA = Path(__file__).parents[1] / 'camera.py'
NO_PROFILE = '<dds xmlns="http://www.eprosima.com"><profiles/></dds>'


@pytest.fixture
def default_camera(ros, tmp_path):
    if not is_fast_dds():
        pytest.skip('only Fast DDS loses them like this')
    variable, _ = large_image_profile()
    profile = tmp_path / 'profile.xml'
    profile.write_text(NO_PROFILE)
    with subprocess.Popen(
        [sys.executable, str(CAMERA)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, variable: str(profile)},
    ) as camera:
        yield camera
        camera.kill()


def test_lost_images_are_counted_and_reported_with_the_remedy(client, start_node, default_camera):
    node = start_node('landmark_model:=mesh')
    client.wait_until(lambda: client.answers and client.answers[-1].lost_images > 20, 'losses')
    client.wait_until(
        lambda: client.status and 'images were lost' in client.status.message, 'the warning'
    )
    assert client.status.level == DiagnosticStatus.WARN
    _, profile = large_image_profile()
    assert profile in client.status.message
    assert Path(profile).is_file()
    assert 'images were lost in transport' in node.log
    sent = int(default_camera.communicate('')[0].splitlines()[-1])
    client.wait_until(
        lambda: 'the last image on' in client.status.message, 'the end of the images'
    )
    counted = sum(int(client.figures[f'images {key}']) for key in ('received', 'lost'))
    # Losses before the first image that arrives, and after the last, cannot be counted.
    first, last = (client.answers[index].header.stamp.sec for index in (0, -1))
    assert last - first + 1 <= counted <= sent
