"""The images on the GPU, each in a slot of one buffer of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from facemesh_ros.inference.gpu.memory import ExecutorError, Memory
from facemesh_ros.inference.gpu.sampling_inputs import Inputs, image_bytes, image_layout
from facemesh_ros.types import Frame

# Bytes; room for 1920x1080 in any format. Larger images make it grow.
FIRST_SLOT_SIZE = 2**23
# The graphs address bytes in int32.
LARGEST_BUFFER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Slot:
    frame: Frame
    index: int
    layout: Inputs


class ImageSlots:
    """Uploads each image once; the least recently used image makes room for a new one.

    Attributes:
        address: Of the buffer.
        size: Its bytes.
        count: Number of slots.
    """

    def __init__(self, memory: Memory, count: int, slot_size: int = FIRST_SLOT_SIZE) -> None:
        """Allocate the slots.

        Args:
            memory: Memory of the GPU.
            count: How many images to keep.
            slot_size: Bytes per slot, at first.
        """
        self._memory = memory
        # By id of the frame, which stays alive here: only the same object is the same image.
        self._slots: OrderedDict[int, _Slot] = OrderedDict()
        self._allocate(count, slot_size)

    def has_room_for(self, frames: Sequence[Frame]) -> bool:
        """Return whether each of these images fits in a slot; if not, `grow` first."""
        return all(_size(frame) <= self._slot_size for frame in frames)

    def grow(self, frames: Sequence[Frame]) -> None:
        """Allocate a larger buffer; all images must be uploaded again.

        Raises:
            ExecutorError: If an image is larger than the graphs can address.
        """
        largest = max(map(_size, frames))
        slot_size = 1 << (largest - 1).bit_length()
        if slot_size > LARGEST_BUFFER:
            raise ExecutorError(f'an image of {largest} bytes is too large for a GPU (1 GiB)')
        self._slots.clear()
        self._memory.free(self.address)
        self._allocate(self.count, slot_size)

    def _allocate(self, count: int, slot_size: int) -> None:
        self.count, self._slot_size = min(count, LARGEST_BUFFER // slot_size), slot_size
        self.size = self.count * slot_size
        self.address = self._memory.allocate(self.size)

    def layouts(self, frames: Sequence[Frame]) -> list[Inputs]:
        """Upload the images that are not there, and return where each lies in the buffer.

        Args:
            frames: At most `count` different ones, for which there is room.

        Returns:
            For each `last`, `strides` and `origins` of one crop, see
                `inference/gpu/sampling_inputs`.
        """
        for frame in frames:
            if id(frame) in self._slots:
                self._slots.move_to_end(id(frame))
        return [self._slot(frame).layout for frame in frames]

    def _slot(self, frame: Frame) -> _Slot:
        if id(frame) not in self._slots:
            index = len(self._slots)
            if index == self.count:
                index = self._slots.popitem(last=False)[1].index
            self._slots[id(frame)] = self._uploaded(frame, index)
        return self._slots[id(frame)]

    def _uploaded(self, frame: Frame, index: int) -> _Slot:
        start = index * self._slot_size
        pixels, laid_out = image_bytes(frame)
        self._memory.upload(self.address + start, pixels)
        return _Slot(frame, index, image_layout(laid_out, 1, start))


def _size(frame: Frame) -> int:
    """Return the bytes that an image may need: with padded rows, or copied without padding."""
    return max(abs(frame.image.strides[0]) * len(frame.image), int(frame.image.nbytes))
