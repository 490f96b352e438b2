"""Memory for images is reused instead of returned to the kernel after each of them."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='glibc alone')

# Prints the page faults while images are allocated and freed as rclpy does.
PROGRAM = """
import resource
import sys
from facemesh_ros.ros.process.malloc import keep_freed_memory
size = int(sys.argv[1])
keep_freed_memory()
def receive():
    serialised = bytearray(size)
    return bytes(serialised)
for _ in range(3):
    receive()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    receive()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.parametrize('image_bytes', [640 * 480 * 3, 1920 * 1080 * 3, 3840 * 2160 * 3])
def test_an_image_reuses_the_memory_of_the_one_before(image_bytes):
    command = [sys.executable, '-c', PROGRAM, str(image_bytes)]
    pages = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert pages < 20 * image_bytes / 4096 / 10


# Of each arena but the first, at an address that is a multiple of it; in malloc/arena.c.
HEAP_BYTES = 64 << 20


def further_arenas(maps: str) -> int:
    """How many arenas a process has besides the first, by its /proc/PID/maps."""
    regions = re.findall(r'^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ 00:00 0 *$', maps, re.M)
    bounds = [(int(start, 16), int(end, 16), rights) for start, end, rights in regions]
    return sum(
        used == 'rw-p' and free == '---p' and end == begin and after == start + HEAP_BYTES
        for (start, end, used), (begin, after, free) in pairwise(bounds)
        if start % HEAP_BYTES == 0
    )


def test_all_threads_of_the_node_share_what_is_kept(client, start_node, face_msg):
    """What a thread keeps in an arena of its own, no other can use."""
    node = start_node('landmark_model:=attention')
    client.answer_to(face_msg())
    assert further_arenas(Path(f'/proc/{node.process.pid}/maps').read_text()) == 0
