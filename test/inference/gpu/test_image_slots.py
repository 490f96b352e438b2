"""Images on the GPU: each is uploaded once, and slots are never mixed up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.inference.gpu.image_slots import ImageSlots
from facemesh_ros.inference.gpu.memory import ExecutorError, HostMemory
from facemesh_ros.types import Frame, PixelOrder

SLOT = 64


class CountingMemory(HostMemory):
    """Plain memory that counts its copies to the device."""

    uploads = 0

    def upload(self, address, source):
        self.uploads += 1
        super().upload(address, source)


class NoMemory(HostMemory):
    """Takes no memory."""

    def allocate(self, size):
        return 0


def grey(level: int, side: int = 8) -> Frame:
    return Frame(np.full((side, side), level, np.uint8), PixelOrder.MONO)


def lying_there(memory: HostMemory, slots: ImageSlots) -> np.ndarray:
    back = np.empty(slots.size, np.uint8)
    memory.download(back, slots.address)
    return back


@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=3), max_size=20))
def test_every_requested_image_is_in_a_slot(batches):
    memory, frames = CountingMemory(), [grey(level) for level in range(6)]
    slots = ImageSlots(memory, 3, SLOT)
    for batch in batches:
        before = memory.uploads
        layouts = slots.layouts([frames[level] for level in batch])
        assert memory.uploads - before <= len(set(batch))
        pixels = lying_there(memory, slots)
        for level, layout in zip(batch, layouts, strict=True):
            start = layout['origins'].item(0)
            assert (pixels[start : start + SLOT] == level).all()
            assert layout['last'].ravel().tolist() == [7, 7]
            assert layout['strides'].ravel().tolist() == [1, 8]
        before = memory.uploads
        slots.layouts([frames[level] for level in batch])
        assert memory.uploads == before


def test_equal_pixels_in_another_frame_are_another_image():
    memory = CountingMemory()
    slots = ImageSlots(memory, 3, SLOT)
    slots.layouts([grey(1), grey(1)])
    assert memory.uploads == 2


def test_a_larger_image_grows_the_slots_padding_included():
    memory = CountingMemory()
    slots = ImageSlots(memory, 3, SLOT)
    padded = Frame(np.zeros((8, 20), np.uint8)[:, :8], PixelOrder.MONO)
    assert slots.has_room_for([grey(1)])
    assert not slots.has_room_for([grey(1), padded])
    slots.layouts([grey(1)])
    slots.grow([grey(1), padded])
    assert slots.has_room_for([grey(1), padded])
    assert slots.size == 3 * 256
    first, second = slots.layouts([grey(1), padded])
    assert {first['origins'].item(0), second['origins'].item(0)} == {0, 256}


def test_the_graphs_address_two_gib():
    slots = ImageSlots(NoMemory(), 1000, 2**23)
    assert slots.size < 2**31
    assert slots.count == slots.size // 2**23
    huge = Frame(
        np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (2**16, 2**15), (0, 1)),
        PixelOrder.MONO,
    )
    with pytest.raises(ExecutorError, match='too large'):
        slots.grow([huge])
