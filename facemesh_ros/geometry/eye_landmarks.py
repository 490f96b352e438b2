"""Landmarks of the eyes, the right one first; those of the irises only where there are 478."""

from __future__ import annotations

import numpy as np

# Centre and ring of the iris, two across and two down, alternating; outer and inner corner of the
# eye; middle of the upper and of the lower lid.
EYES = np.array(
    [[468, 469, 470, 471, 472, 33, 133, 159, 145], [473, 474, 475, 476, 477, 263, 362, 386, 374]]
)
IRIS, CORNERS = slice(0, 5), slice(5, 7)
IRIS_RINGS = EYES[:, 1:5]
CORNERS_AND_LIDS = EYES[:, 5:]
EYE_CORNERS = EYES[:, CORNERS]
for _array in (EYES, IRIS_RINGS, CORNERS_AND_LIDS, EYE_CORNERS):
    _array.setflags(write=False)
