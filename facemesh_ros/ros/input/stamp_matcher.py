"""Pairs of messages with the same stamp, whichever comes first."""

from __future__ import annotations

from typing import Generic, TypeVar

ImageT = TypeVar('ImageT')
FacesT = TypeVar('FacesT')

# Half a second of a common camera: results that come later are not worth the memory.
MOST_WAITING = 15


class StampMatcher(Generic[ImageT, FacesT]):
    """Images and the faces found in them, paired by the image's stamp, ns.

    An image that waits is dropped when a later one is paired: the node takes images in the order
    in which they arrive. A stamp of 0 says nothing, and pairs nothing.
    """

    def __init__(self) -> None:
        self._images: dict[int, ImageT] = {}
        self._faces: dict[int, FacesT] = {}

    def put_image(self, stamp_ns: int, image: ImageT) -> tuple[ImageT, FacesT] | None:
        """Add an image; return it with its faces if they are here."""
        _add(self._images, stamp_ns, image)
        return self._pair(stamp_ns)

    def put_faces(self, stamp_ns: int, faces: FacesT) -> tuple[ImageT, FacesT] | None:
        """Add the faces of an image; return them with the image if it is here."""
        _add(self._faces, stamp_ns, faces)
        return self._pair(stamp_ns)

    def clear(self) -> None:
        """Forget everything that waits."""
        self._images.clear()
        self._faces.clear()

    def _pair(self, stamp_ns: int) -> tuple[ImageT, FacesT] | None:
        if stamp_ns not in self._images or stamp_ns not in self._faces:
            return None
        pair = self._images[stamp_ns], self._faces[stamp_ns]
        _drop_until(self._images, stamp_ns)
        _drop_until(self._faces, stamp_ns)
        return pair


def _add(waiting: dict[int, ImageT], stamp_ns: int, item: ImageT) -> None:
    if not stamp_ns:
        return
    waiting.pop(stamp_ns, None)  # so that it becomes the last one
    waiting[stamp_ns] = item
    if len(waiting) > MOST_WAITING:
        del waiting[next(iter(waiting))]


def _drop_until(waiting: dict[int, ImageT], stamp_ns: int) -> None:
    """Drop an item and all that arrived before it."""
    for one in list(waiting):
        del waiting[one]
        if one == stamp_ns:
            return
