"""Serialised messages, taken from the middleware while Python goes on.

rclpy holds Python's lock while it takes a message, and copies it once more into a `bytes`: of a
raw 4K image that is 25 MB, and no other thread answers meanwhile. Here rcl's own function is
called, which needs no lock, and its buffer is what is read.
"""

from __future__ import annotations

import ctypes
import time
import weakref
from ctypes import addressof, byref
from dataclasses import dataclass
from functools import cache
from threading import Lock

from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.subscription import Subscription

from facemesh_ros.errors import FacemeshError

# Of rcl/types.h.
RET_OK, RET_BAD_ALLOC, RET_TAKE_FAILED = 0, 10, 401
# Of rmw/types.h: the publisher's count, where the middleware has none.
UNNUMBERED = 2**64 - 1
NS_PER_S = 1e9
# No message waits longer in the middleware.
MAX_WAIT_NS = 3600 * 10**9


class TakeError(FacemeshError):
    """The middleware has a message and cannot give it."""


class _Allocator(ctypes.Structure):
    """rcutils_allocator_t."""

    _fields_ = tuple(
        (name, ctypes.c_void_p)
        for name in ('allocate', 'deallocate', 'reallocate', 'zero_allocate', 'state')
    )


class _Buffer(ctypes.Structure):
    """rcutils_uint8_array_t."""

    _fields_ = (
        ('address', ctypes.c_void_p),
        ('length', ctypes.c_size_t),
        ('capacity', ctypes.c_size_t),
        ('allocator', _Allocator),
    )


class _Info(ctypes.Structure):
    """rmw_message_info_t; its end differs from one distribution to another, and is not read."""

    _fields_ = (
        ('source_ns', ctypes.c_int64),
        ('received_ns', ctypes.c_int64),
        ('publication_number', ctypes.c_uint64),
        ('reception_number', ctypes.c_uint64),
        ('rest', ctypes.c_uint8 * 224),
    )


class _Error(ctypes.Structure):
    """rcutils_error_string_t."""

    _fields_ = (('text', ctypes.c_char * 1024),)


@dataclass(frozen=True, slots=True)
class SerializedMessage:
    """A message as it came.

    Attributes:
        cdr: Its bytes; they live as long as any view of them.
        received_s: When it arrived, by the system's clock; now where the middleware does not say.
        sequence_number: The publisher's count of messages; None where there is none.
    """

    cdr: memoryview
    received_s: float
    sequence_number: int | None


class SerializedMessages:
    """Takes the messages of one subscription; any thread may."""

    def __init__(self, subscription: Subscription) -> None:
        """Take from a subscription that no executor takes from."""
        self._handle, self._take = subscription.handle, _rcl().rcl_take_serialized_message
        self._info, self._guard = _Info(), Lock()
        self._info_address = addressof(self._info)
        self._renew_buffer()

    def take(self) -> SerializedMessage | None:
        """Return the oldest message; None if there is none.

        Raises:
            InvalidHandle: If the subscription is destroyed.
            TakeError: If the middleware fails, or there is no memory for the message.
        """
        handle, info = self._handle, self._info
        with self._guard, handle:  # which keeps it from being destroyed meanwhile
            result = self._take(handle.pointer, self._buffer_address, self._info_address, None)
            if result == RET_TAKE_FAILED:
                return None
            buffer = self._buffer
            self._renew_buffer()
            received_s, number = believable_s(info.received_ns), info.publication_number
        cdr = _view(buffer)
        if result != RET_OK:
            raise _error(result)
        return SerializedMessage(cdr, received_s, None if number == UNNUMBERED else number)

    def _renew_buffer(self) -> None:
        self._buffer = _new_buffer()
        self._buffer_address = addressof(self._buffer)


def believable_s(received_ns: int) -> float:
    """Return when a message arrived, by the system's clock; now unless that is plausible.

    Cyclone DDS tells when it was taken, Connext can leave it zero, and the first releases of Zenoh
    put seconds and their fractions into 32 bits each.
    """
    now_ns = time.time_ns()
    return (received_ns if 0 <= now_ns - received_ns < MAX_WAIT_NS else now_ns) / NS_PER_S


def _error(result: int) -> TakeError:
    rcl = _rcl()
    text = rcl.rcutils_get_error_string().text.decode(errors='replace')
    rcl.rcutils_reset_error()
    if result == RET_BAD_ALLOC:
        return TakeError(
            f'no memory for a message ({text}): smaller images, fewer cameras or a higher memory '
            'limit help'
        )
    return TakeError(f'a message cannot be taken: {text} (rcl returns {result})')


@cache
def _rcl() -> ctypes.CDLL:
    """Return the functions of rcl that rclpy itself is linked to, wherever that lies."""
    library = ctypes.CDLL(_rclpy.__file__)
    library.rcl_take_serialized_message.argtypes = (ctypes.c_void_p,) * 4
    library.rcutils_get_default_allocator.restype = _Allocator
    library.rcutils_get_error_string.restype = _Error
    library.rcutils_uint8_array_fini.argtypes = (ctypes.c_void_p,)
    return library


def _new_buffer() -> _Buffer:
    return _Buffer(allocator=_rcl().rcutils_get_default_allocator())


def _view(buffer: _Buffer) -> memoryview:
    """Return the bytes of a buffer, which is freed with the last view of them."""
    if not buffer.length:
        _free(buffer)
        return memoryview(b'')
    octets = (ctypes.c_uint8 * buffer.length).from_address(buffer.address)
    weakref.finalize(octets, _free, buffer).atexit = False  # the process gives it back
    return memoryview(octets).cast('B').toreadonly()


def _free(buffer: _Buffer) -> None:
    _rcl().rcutils_uint8_array_fini(byref(buffer))
