"""What malloc keeps between blocks that stay goes back to the kernel; what is in use stays."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.ros.process.unused_memory import ALLOWED, SAMPLES, UnusedMemory

MIB = 2**20
# Frees large blocks between small ones that stay, as malloc has them after images of many sizes,
# and waits until they are no longer resident. Prints MiB before, with them, and after.
PROGRAM = """
import time
from facemesh_ros.ros.process.malloc import keep_freed_memory
from facemesh_ros.ros.process.unused_memory import give_back_unused_memory
def resident_mib():
    return int(open('/proc/self/statm').read().split()[1]) * 4096 / 2**20
keep_freed_memory()
give_back_unused_memory(period_s=0.01)
before = resident_mib()
time.sleep(0.5)  # the least of a minute of a hundredth
small, large = [], []
for _ in range(200):
    large.append(bytearray(b'x' * 2**20))
    small.append(bytearray(b'y' * 4096))
print(before, resident_mib(), flush=True)
del large
while resident_mib() > before + 100:
    time.sleep(0.01)
print(resident_mib(), all(block == b'y' * 4096 for block in small))
"""


def samples(*mib):
    memory = UnusedMemory()
    return [memory.is_too_much(int(each * MIB)) for each in mib]


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='glibc alone')
def test_freed_memory_between_blocks_that_stay_is_given_back():
    run = subprocess.run(
        [sys.executable, '-c', PROGRAM], check=True, capture_output=True, text=True, timeout=300
    )
    before, most, _, intact = run.stdout.split()
    assert float(most) > float(before) + 180
    assert intact == 'True'


def test_what_grows_slowly_is_given_back_too():
    drift = [100 + sample for sample in range(4 * SAMPLES + 200)]
    assert any(samples(*drift))


@given(st.lists(st.floats(0, ALLOWED / MIB), min_size=1, max_size=60))
def test_what_images_need_in_turn_is_kept(above):
    assert not any(samples(*(300 + each for each in above)))


@given(st.integers(1, SAMPLES - 1))
def test_what_is_unused_for_less_than_a_minute_is_kept(count):
    assert not any(samples(*[100] * SAMPLES, *[900] * count, *[100] * SAMPLES))


def test_larger_images_for_good_cost_one_return():
    found = samples(*[100] * SAMPLES, *[400] * (10 * SAMPLES))
    assert sum(found) == 1
