"""Landmarks by the names that `~/info` gives them, so that any model is read right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.consumer.views import FaceMeshInfo, view

Indices = NDArray[np.intp]


class NamedLandmarks:
    """The points and regions of a FaceMeshInfo; take a new one whenever `~/info` comes.

    Example:
        >>> class info:
        ...     point_names, point_landmarks = ['chin', 'nose_tip'], [152, 4]
        ...     region_names, region_of_landmark = ['face', 'nose'], [0, 1, 1]
        >>> names = NamedLandmarks(info)
        >>> names.point('chin'), names.points('nose_tip', 'chin').tolist()
        (152, [4, 152])
        >>> names.region('nose').tolist()
        [1, 2]
    """

    def __init__(self, info: FaceMeshInfo) -> None:
        indices = [int(index) for index in info.point_landmarks]
        self._points: dict[str, int] = dict(zip(info.point_names, indices, strict=True))
        self._region_names = list(info.region_names)
        self._region_of_landmark = view(info.region_of_landmark, np.uint8)

    def point(self, name: str) -> int:
        """Return the index of a point.

        Raises:
            KeyError: If this model has none of that name; irises, for example, are not in `mesh`.
        """
        if name not in self._points:
            raise _unknown('point', name, self._points)
        return self._points[name]

    def points(self, *names: str) -> Indices:
        """Return the indices (n,) of points; raises KeyError as `point`."""
        return np.array([self.point(name) for name in names], np.intp)

    def region(self, *names: str) -> Indices:
        """Return the indices (n,) of all landmarks of one or several regions, ascending.

        Raises:
            KeyError: If there is no region of that name.
        """
        for name in names:
            if name not in self._region_names:
                raise _unknown('region', name, self._region_names)
        chosen = [self._region_names.index(name) for name in names]
        return np.flatnonzero(np.isin(self._region_of_landmark, chosen))


def _unknown(kind: str, name: str, known: Iterable[str]) -> KeyError:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3) or names
    return KeyError(f'~/info names no {kind} {name!r}; it names {", ".join(near)}')
