"""Further looks: other crops of what a detector found and the first crop did not confirm.

A hand, a mask, a shout or the image's border spoil the detector's box, and with it the crop; it
also reports upside-down heads as if they were upright. The landmark model then sees no face, or a
wrong one, where it sees the right one in a crop a little smaller, higher or turned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from facemesh_ros.geometry.affine import rotations_from_angles
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.landmarks.face_gate import log_odds
from facemesh_ros.landmarks.refinement import CERTAIN, CONVERGED, look_again
from facemesh_ros.struct_of_arrays import Indices, join
from facemesh_ros.types import FaceLandmarks, Observations, Rois

# Crops of one detection: size, shift up in sizes of the first crop, clockwise turn in right
# angles. Of 121 faces that a first crop missed (hands, masks, cut by the border) one of 17 that
# were tried shows 57: the first of these alone 41, with one that lies higher 53.
OTHER_CROPS = ((0.7, 0.0, 0), (0.8, 0.1, 0), (0.9, 0.0, 2), (0.9, 0.0, 1), (0.9, 0.0, 3))
# So many of them, the most promising, are followed to the landmarks' own crops.
FOLLOWED_CROPS = 2
# Detections below this score are false more often than not; they get one look.
MIN_SCORE = 0.6
# Each crop is another chance for something else to pass for a face: so much must the odds be
# better than those of a detection that needs one look. With 0.7 four of 300 looks at covered
# faces are lost, with 0 one more thing of 387 passes.
MIN_LOG_ODDS = 0.35


def look_further(
    first: Observations, predict: Callable[[Rois], FaceLandmarks]
) -> tuple[Observations, Indices]:
    """Look at N detections in other crops, in two batches.

    The first batch has all other crops and that of the first landmarks, the second those of the
    landmarks in the most promising of them.

    Args:
        first: N detections, with what their first crops show.
        predict: The landmark model on this frame.

    Returns:
        Those whose landmarks the second batch confirms, each once, with the most plausible of
        them, not judged yet, and their rows in `first`. Keypoints are turned as the crop is.
    """
    rows = np.arange(len(first))
    crops, owners = replace(first, rois=rois_from_landmarks(first.points)), rows
    for size, up, turns in OTHER_CROPS:
        crops = join(crops, _in_other_crop(first, size, up, turns))
        owners = np.append(owners, rows)
    looks = look_again(crops, crops.rois, predict)
    # Of each detection the most promising crops.
    ranked = np.argsort(-looks.presences.reshape(-1, len(first)), axis=0, kind='stable')
    chosen = (ranked[:FOLLOWED_CROPS] * len(first) + rows).ravel()
    looks, owners = looks[chosen], owners[chosen]
    refined = look_again(looks, rois_from_landmarks(looks.points), predict)
    agreed = (refined.presences > CERTAIN) & (refined.changes < CONVERGED)
    refined, owners = refined[agreed], owners[agreed]
    if not len(refined):
        return refined, owners
    # Among crops that are turned differently keypoints would speak for the detector's mistake.
    unknown = np.full_like(refined.keypoints, np.nan)
    best_first = np.argsort(-log_odds(replace(refined, keypoints=unknown)), kind='stable')
    owned, best = np.unique(owners[best_first], return_index=True)
    return refined[best_first[best]], owned


def _in_other_crop(
    first: Observations, size: float, up: float, quarter_turns: int
) -> Observations:
    """Return the detections with ROIs scaled, moved up in their own axes and turned."""
    rois, turn = first.rois, quarter_turns * np.pi / 2
    angles = rois.rotations_rad
    upwards = np.stack([np.sin(angles), -np.cos(angles)], axis=1)
    sizes = np.float32(size) * rois.sizes_wh
    centres = rois.centres[:, None]
    keypoints = centres + (first.keypoints - centres) @ rotations_from_angles(np.array(turn)).T
    return replace(
        first,
        keypoints=keypoints.astype(np.float32),
        rois=Rois(
            rois.centres + np.float32(up) * rois.sizes_wh[:, 1:] * upwards,
            sizes[:, ::-1] if quarter_turns % 2 else sizes,
            (angles + np.float32(turn)).astype(np.float32),
        ),
    )
