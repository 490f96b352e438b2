"""What every temporal filter offers, and the one that changes nothing."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.types import Float32


class LandmarkFilter(Protocol):
    """Steadies the landmarks of one stream of frames, each face by its own history."""

    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32:
        """Take the next frame's faces.

        Args:
            ids: (N,) which face each is; no two alike.
            landmarks: (N, L, 3) px as measured; L is the same for the whole stream.
            stamp_ns: When the frame was taken, ns; see `FaceMemory` for gaps and time that goes
                back.

        Returns:
            (N, L, 3) px, steadied.
        """

    def reset(self) -> None:
        """Forget all faces."""


class Unfiltered:
    """Passes landmarks on as they are."""

    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32:
        """Return the landmarks."""
        return landmarks

    def reset(self) -> None:
        """Do nothing: there is nothing to forget."""
