"""Which faces are tracked now, over all cameras."""

from __future__ import annotations

from collections.abc import Iterable


class TrackedFaces:
    """The faces of several cameras; those of a camera that says nothing for a while are gone."""

    def __init__(self, stale_after_s: float) -> None:
        self._stale_after_s = stale_after_s
        self._ids_of: dict[str, frozenset[str]] = {}
        self._updated_s: dict[str, float] = {}

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all faces."""
        return frozenset().union(*self._ids_of.values())

    def update(self, camera: str, ids: Iterable[str], now_s: float) -> None:
        """Take the faces of a camera's image, at a time of a clock that only goes forward, s."""
        self._ids_of[camera] = frozenset(ids)
        self._updated_s[camera] = now_s

    def drop_stale(self, now_s: float) -> None:
        """Drop the faces of cameras that have been silent for too long."""
        for camera, updated_s in self._updated_s.items():
            if now_s - updated_s > self._stale_after_s:
                self._ids_of[camera] = frozenset()
