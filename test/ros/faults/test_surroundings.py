"""Homes, log folders and shared memory that are missing, full or read-only: faces are found.

Each node has two of them, which have nothing to do with each other.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from facemesh_ros.ros.process.middleware import is_fast_dds

NAMESPACE = ('unshare', '--map-root-user', '--mount')
# $1 is an empty folder, $2 this Python, $3 what asks, $4 a picture.
RUN = """
"$2" -m facemesh_ros.ros.node --ros-args -p landmark_model:=mesh -p detector:=short_range &
"$2" "$3" "$4" && echo faces were found
kill -INT $!
wait $!
echo "its status is $?"
"""
KINDS = {
    'no home, no shared memory': (
        """
        mkdir "$1/dev"
        touch "$1/dev/null" "$1/dev/urandom"
        mount --bind /dev/null "$1/dev/null"
        mount --bind /dev/urandom "$1/dev/urandom"
        mount --rbind "$1/dev" /dev
        unset HOME
        """,
        ('HOME is not set; ROS_LOG_DIR may name another folder', '/dev/shm does not exist'),
    ),
    'read-only home, full shared memory': (
        """
        mount -t tmpfs -o ro tmpfs "$1"
        mount -t tmpfs -o size=1m tmpfs /dev/shm
        export HOME="$1"
        """,
        ('Read-only file system; ROS_LOG_DIR may name', 'MB left, and Fast DDS needs'),
    ),
    'full log folder, read-only shared memory': (
        """
        mount -t tmpfs -o size=8k tmpfs "$1"
        mount -t tmpfs -o ro tmpfs /dev/shm
        cat /dev/zero > "$1/full" 2> /dev/null
        export ROS_LOG_DIR="$1"
        """,
        ('/dev/shm cannot be written',),
    ),
}


@pytest.fixture
def picture(astronaut_bgr, tmp_path):
    """A file with a face, small enough for the network stack."""
    path = tmp_path / 'picture.npy'
    np.save(path, np.ascontiguousarray(astronaut_bgr[::3, ::3]))
    return path


@pytest.mark.parametrize('kind', KINDS)
def test_it_says_what_is_wrong_and_finds_faces(
    ros, model_store, require_models, tmp_path, picture, kind
):
    require_models('short_range', 'mesh')
    if not shutil.which('unshare') or subprocess.run([*NAMESPACE, 'true']).returncode:
        pytest.skip('this system lets no process mount for itself')
    if not is_fast_dds():
        pytest.skip('needs Fast DDS and its shared memory')
    script, texts = KINDS[kind]
    place = tmp_path / 'place'
    place.mkdir()
    asking = Path(__file__).with_name('asking.py')
    done = subprocess.run(
        [*NAMESPACE, 'bash', '-c', script + RUN, 'bash', place, sys.executable, asking, picture],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-2:] == ['faces were found', 'its status is 0'], done
    for text in texts:
        assert text in done.stdout + done.stderr
    assert 'Traceback' not in done.stderr
