"""OpenPose's 70 points of a face, as ROS4HRI has them: which landmark of the mesh is each.

The first 68 are those of iBUG (300-W, dlib) and Multi-PIE; the pupils follow. Left and right are
the subject's, and "left to right" below is from the subject's right to the left.

Where each point lies was read off the 68 vertices that ICT-FaceKit's README names as Multi-PIE's:
the landmark is the nearest one that has the point's meaning (a corner, a rim, the midline). Where
two are about as near, faces annotated in pictures decide:

- The contour is what is seen as the face's edge, so it takes landmarks of the mesh's oval, about
  evenly spaced: chin 152, not the front of the chin, 175.
- Corners of the eyes are those of `named_points`, not the lid beside them.
- The lips' inner rims touch while the mouth is shut: upper ones take the upper lip's landmarks.

The tests compare the table with faces that were annotated by others.

Source: hri_msgs/FacialLandmarks; OpenPose `doc/02_output.md`; ICT-FaceKit's README.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POINT_COUNT = 70
_POINTS = (
    # 0 to 16: the contour, from the right ear by the chin to the left ear.
    *(127, 93, 132, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 361, 323, 356),
    *(70, 63, 105, 66, 107),  # 17: right brow, left to right
    *(336, 296, 334, 293, 300),  # 22: left brow, left to right
    *(168, 197, 195, 4),  # 27: bridge of the nose, from the sellion to the tip
    *(240, 97, 2, 326, 460),  # 31: base of the nose, left to right
    *(33, 160, 158, 133, 153, 144),  # 36: right eye: outer corner, upper lid, inner, lower lid
    *(362, 385, 387, 263, 373, 380),  # 42: left eye: inner corner, upper lid, outer, lower lid
    *(61, 40, 37, 0, 267, 270, 291),  # 48: upper lip's outer rim, left to right
    *(321, 314, 17, 84, 91),  # 55: lower lip's outer rim, right to left
    *(78, 82, 13, 312, 308),  # 60: upper lip's inner rim, left to right
    *(317, 14, 87),  # 65: lower lip's inner rim, right to left
    *(468, 473),  # 68: right and left pupil
)


def openpose_face(landmark_count: int) -> NDArray[np.intp]:
    """Return the landmark of each of the 70 points, (70,); -1 where a model of so many has none.

    Example: a model without irises knows no pupils.
        >>> openpose_face(478)[[8, 30, 69]].tolist(), openpose_face(468)[69].item()
        ([152, 4, 473], -1)
    """
    points = np.array(_POINTS, np.intp)
    points[points >= landmark_count] = -1
    return points
