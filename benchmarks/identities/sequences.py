"""What was true and what was said, image by image, ready to be scored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.identities.following import Named
from benchmarks.identities.scenes import HIDDEN, SEEN, Float64, Shown
from facemesh_ros.geometry.boxes import box_centres, box_sizes
from facemesh_ros.tracking.association import linear_assignment

# A result is on a face if its centre is not further from the face's than this part of its size,
# and if it is not smaller or larger by more than this factor.
NEAR, ALIKE = 0.5, 2.0


@dataclass
class Sequence:
    """One scene as one follower saw it.

    Attributes:
        images: Of each image, people (N,), ids (M,) and distances (N, M), NaN where the two are
            not of one face; without what is half hidden and what is said of it.
        births: Ids in the order in which they came, with whether they came on a face.
        said: Ids that were said to be faces for sure.
    """

    images: list[dict[str, Any]] = field(default_factory=list)
    births: dict[int, bool] = field(default_factory=dict)
    said: set[int] = field(default_factory=set)

    def take(self, shown: Shown, named: Named) -> None:
        """Take the next image."""
        costs = _distances(shown.boxes_xyxy, named.boxes_xyxy)
        # Nobody is blamed for what he says of a face that hardly shows.
        known = shown.visible >= SEEN
        faces, results = linear_assignment(np.where(known[:, None], costs, 2 * costs + 1), 10.0)
        on_hidden = results[~known[faces]]
        on_face = np.isfinite(costs[shown.visible > HIDDEN]).any(axis=0)
        for identity, on in zip(named.ids.tolist(), on_face.tolist(), strict=True):
            self.births.setdefault(identity, on)
        self.said.update(named.ids[named.sure].tolist())
        kept = np.setdiff1d(np.flatnonzero(named.sure), on_hidden)
        distances = costs[np.ix_(known, kept)]
        self.images.append(
            {
                'people': shown.people[known].tolist(),
                'ids': named.ids[kept].tolist(),
                'distances': [
                    [None if np.isinf(each) else float(each) for each in row] for row in distances
                ],
            }
        )

    @property
    def ghosts(self) -> int:
        """How many ids came where no face was and were said to be faces."""
        return sum(not self.births[each] for each in self.said)

    def as_json(self) -> dict[str, Any]:
        """Return what the scorer needs."""
        return {'images': self.images, 'ghosts': self.ghosts}


def _distances(faces: Float64, results: Float64) -> Float64:
    """Return (N, M) distances in sizes of the face, infinite where the two are not of one."""
    sizes, others = box_sizes(np.float32(faces))[:, None], box_sizes(np.float32(results))[None]
    ways = box_centres(np.float32(faces))[:, None] - box_centres(np.float32(results))[None]
    distances: Float64 = np.linalg.norm(ways, axis=2) / sizes
    distances[(distances > NEAR) | (np.abs(np.log(others / sizes)) > np.log(ALIKE))] = np.inf
    return distances
