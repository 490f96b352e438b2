"""Segments of killed processes in /dev/shm, and the warning when space is short."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import time
from pathlib import Path

import pytest
from ros_domain import own_domain

from facemesh_ros.ros.process import shared_memory
from facemesh_ros.ros.process.dds_profile import share_folder
from facemesh_ros.ros.process.middleware import is_fast_dds

AGED_S = 60.0
LOCKS = Path('/proc/locks')
RELIABILITY = Path(__file__).parents[3] / 'docs' / 'reliability.md'


@pytest.fixture
def start_alone(start_node, client):
    """Start nodes in a domain of their own, where no other process removes segments."""
    domain = str(own_domain())

    def start():
        node = start_node(environment={'ROS_DOMAIN_ID': domain})
        client.wait_until(lambda: 'provider report' in node.log, 'the node')
        return node

    return start


@pytest.fixture
def segment_of(start_alone):
    """Return a running node and the lock file of its segment."""
    require_fast_dds()
    node = start_alone()
    # Discovery on this machine alone comes with a small segment beside that of the profile.
    return node, max(locked_by(node.process.pid), key=lambda lock: segment(lock).stat().st_size)


def require_fast_dds() -> None:
    if not shared_memory.FOLDER.is_dir() or not is_fast_dds():
        pytest.skip('needs Fast DDS and its shared memory')


def locked_by(process: int) -> list[Path]:
    """Return the lock files of segments that a process holds, as the kernel reports them."""
    locks = re.findall(rf'FLOCK +ADVISORY +WRITE +{process} +\S+:(\d+) ', LOCKS.read_text())
    return [
        file
        for file in shared_memory.FOLDER.iterdir()
        if re.fullmatch(r'(fastrtps|fastdds)_[0-9a-f]{16}_el', file.name)
        and str(file.stat().st_ino) in locks
    ]


def age(file: Path) -> None:
    """Give a file the age of a minute."""
    then_s = time.time() - AGED_S
    os.utime(file, (then_s, then_s))


def segment(lock: Path) -> Path:
    return lock.with_name(lock.name.removesuffix('_el'))


def test_the_segment_of_a_killed_node_is_freed_by_the_next_one(segment_of, start_alone):
    node, lock = segment_of
    node.stop(signal.SIGKILL)
    assert segment(lock).stat().st_size > 1e6
    age(lock)
    next_node = start_alone()
    assert not lock.exists()
    assert not segment(lock).exists()
    assert next_node.stop() == 0


def test_a_living_node_keeps_its_segment(segment_of):
    node, lock = segment_of
    age(lock)
    shared_memory.remove_dead_segments()
    assert lock.exists()
    assert segment(lock).exists()
    assert node.stop() == 0
    assert not lock.exists()


@pytest.fixture
def left(tmp_path):
    """A folder with a segment and its lock file, aged, as a killed process leaves them."""
    lock = tmp_path / 'fastrtps_0123456789abcdef_el'
    lock.touch()
    segment(lock).write_bytes(bytes(1000))
    age(lock)
    return lock


def test_a_segment_without_owner_is_freed(left):
    assert shared_memory.remove_dead_segments(left.parent) == 1000
    assert list(left.parent.iterdir()) == []


def test_a_new_lock_file_is_left_alone(left):
    os.utime(left)
    assert shared_memory.remove_dead_segments(left.parent) == 0
    assert segment(left).exists()


def test_a_locked_segment_is_left_alone(left):
    with left.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert shared_memory.remove_dead_segments(left.parent) == 0
    assert segment(left).exists()


@pytest.mark.parametrize('name', ['fastdds_port7413_el', 'sem.fastdds_0123456789abcdef_el', 'el'])
def test_other_files_are_left_alone(tmp_path, name):
    (tmp_path / name).touch()
    age(tmp_path / name)
    shared_memory.remove_dead_segments(tmp_path)
    assert (tmp_path / name).exists()


def test_a_link_is_not_followed(left, tmp_path):
    target = tmp_path / 'precious'
    left.rename(target)
    left.symlink_to(target)
    assert shared_memory.remove_dead_segments(tmp_path) == 0
    assert target.exists()


def test_too_little_space_gives_a_warning_with_the_remedy(tmp_path, monkeypatch):
    profile = tmp_path / 'profile.xml'
    profile.write_text(f'<segment_size>{10**18}</segment_size>')
    monkeypatch.setenv('FASTDDS_DEFAULT_PROFILES_FILE', str(profile))
    text = shared_memory.shortage(tmp_path)
    assert '--shm-size' in text
    assert 'fastdds shm clean' in text


def test_the_recommended_profile_fits_three_times_into_dockers_default(monkeypatch):
    profile = share_folder() / 'config' / 'fastdds_large_images.xml'
    size = int(re.search(r'<segment_size>(\d+)', profile.read_text())[1])
    assert 3 * 1.06 * size < 64 * 2**20
    # Two images of 1080p, of four bytes a pixel at most in one message.
    assert size >= 2 * 3 * 1920 * 1080
    assert int(re.search(r'<maxMessageSize>(\d+)', profile.read_text())[1]) > 4 * 1920 * 1080


def test_the_profile_for_lossy_networks_differs_by_the_size_of_what_is_sent():
    names, aside = ('large_images', 'lossy_network'), r'(?s)<!--.*?-->|profile_name="\w+"|\s'
    files = [share_folder() / 'config' / f'fastdds_{name}.xml' for name in names]
    large, lossy = (re.sub(aside, '', file.read_text()) for file in files)
    lossy = re.sub(r'<port_queue_capacity>\d+</port_queue_capacity>', '', lossy)
    size = r'<property><name>fastdds\.max_message_size</name><value>(\d+)</value></property>'
    policy = f'<propertiesPolicy><properties>{size}</properties></propertiesPolicy>'
    # A packet of Ethernet, of which 28 bytes are headers of IP and UDP.
    assert int(re.search(policy, lossy)[1]) <= 1500 - 28
    assert re.sub(policy, '', lossy) == large


def test_the_documented_sizes_for_raw_4k_images_replace_those_of_the_profile():
    (command,) = re.findall(r"`sed '(.*)' \S*/(config/\S+) > \S+`", RELIABILITY.read_text())
    text = (share_folder() / command[1]).read_text()
    for old, new in re.findall(r's/(\d+)/(\d+)/', command[0]):
        assert len(re.findall(f'<[^>]+>{old}<', text)) == 1
        assert int(new) > 3 * 3840 * 2160
