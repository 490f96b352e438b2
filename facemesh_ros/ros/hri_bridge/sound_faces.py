"""Faces of messages that keep the promises of FaceMesh.msg, on which the bridge builds."""

from __future__ import annotations

import re

import numpy as np

from facemesh_ros.msg import FaceMesh

# A name of topics and frames (REP-155).
_ID = re.compile(r'[A-Za-z][A-Za-z0-9_]{0,63}')
_COUNTS = (3 * 468, 3 * 478)
# px; of a face that is far outside of the largest image.
MAX_PX = 1e7


def is_sound(face: FaceMesh) -> bool:
    """Tell whether a face has a name, all its landmarks, and numbers of this world."""
    if not _ID.fullmatch(face.id) or len(face.landmarks) not in _COUNTS:
        return False
    numbers = np.concatenate([face.landmarks, face.box, [face.presence]])
    return bool(np.abs(numbers).max() < MAX_PX)  # NaN is the largest, and not less
