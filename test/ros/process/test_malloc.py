"""Memory for images is reused instead of returned to the kernel after each of them."""

from __future__ import annotations

import platform
import subprocess
import sys

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
