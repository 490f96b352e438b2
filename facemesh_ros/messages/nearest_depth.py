"""Registered depth images, matched to the images of their camera by stamp."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.messages.cdr_image import Octets
from facemesh_ros.messages.image_conversion import depth_from_msg, ns_from_stamp
from facemesh_ros.types import DepthImage

UNSTAMPED = (
    'they have no stamp (header.stamp is 0), so nothing tells to which image they belong: stamp '
    'them as the camera images'
)


class NearestDepth:
    """The last few depth images, serialised until one of them is asked for."""

    def __init__(self, kept: int, read: Callable[[Octets], Any]) -> None:
        """Keep so many; `read` returns the Image of serialised bytes, or raises ImageError."""
        self._read = read
        self._newest: deque[tuple[int, Octets]] = deque(maxlen=kept)

    def add(self, cdr: Octets) -> int:
        """Take an image and return its stamp, ns; raises ImageError if it is damaged."""
        stamp_ns = ns_from_stamp(self._read(cdr).header)
        self._newest.append((stamp_ns, cdr))
        return stamp_ns

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return not self._newest

    def clear(self) -> None:
        """Forget all."""
        self._newest.clear()

    def nearest(self, stamp_ns: int) -> DepthImage | None:
        """Return the image whose stamp is nearest, None if there is none at all.

        It may be of quite another moment: its stamp tells.

        Raises:
            ImageError: If it has no stamp and is asked for one, or is no depth image.
        """
        if not self._newest:
            return None
        depth_stamp_ns, cdr = min(self._newest, key=lambda one: abs(one[0] - stamp_ns))
        if stamp_ns and not depth_stamp_ns:
            raise ImageError(UNSTAMPED)
        return depth_from_msg(self._read(cdr))
