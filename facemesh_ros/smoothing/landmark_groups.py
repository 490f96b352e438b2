"""Parts of the face that move as one, and how noisy their landmarks are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import UPPER_LIP, FaceTopology, load_topology
from facemesh_ros.types import Float64, UInt8

# How far lips and eyelids take the skin around them along, m.
LIP_MARGIN_M = 0.008
LID_MARGIN_M = 0.006
SKIN, JAW = 0, 1
# Each with its noise in that of the skin, measured; see docs/filtering.md.
GROUPS = {
    'skin': 1.0,
    'jaw and lips': 2.3,
    'right eye': 1.5,
    'left eye': 1.5,
    'right iris': 2.1,
    'left iris': 2.1,
    'right eyebrow': 2.8,
    'left eyebrow': 2.8,
}


@dataclass(frozen=True, slots=True)
class LandmarkGroups:
    """Which of G groups each of L landmarks belongs to.

    Attributes:
        group_of_landmark: (L,).
        means: (G, L), takes values of the landmarks to means of the groups; a group without
            landmarks has 0.
        skin: (S,) indices of the landmarks that expressions hardly move.
        noise: (G,) standard deviation of a landmark, in that of the skin.
    """

    group_of_landmark: UInt8
    means: Float64
    skin: NDArray[np.intp]
    noise: Float64

    @property
    def is_skin(self) -> NDArray[np.bool_]:
        """(L,): what expressions hardly move."""
        return np.asarray(self.group_of_landmark == SKIN)

    @property
    def is_jaw(self) -> NDArray[np.bool_]:
        """(L,): lips and what goes with them."""
        return np.asarray(self.group_of_landmark == JAW)


@cache
def landmark_groups(landmark_count: int) -> LandmarkGroups:
    """Return the groups of a landmark model; raises ValueError unless it has 468 or 478."""
    topology = load_topology(landmark_count)
    names = list(GROUPS)
    groups = np.full(landmark_count, SKIN, np.uint8)
    mesh = groups[: len(topology.canonical_vertices_m)]
    heights = topology.canonical_vertices_m[:, 1]
    mesh[heights < heights[UPPER_LIP]] = JAW
    mesh[_is_near(topology, 'lips', LIP_MARGIN_M)] = JAW
    for side in ('right', 'left'):
        mesh[_is_near(topology, f'{side}_eye', LID_MARGIN_M)] = names.index(f'{side} eye')
        for part in ('eyebrow', 'iris'):
            is_part = _is_in(topology, f'{side}_{part}')
            groups[is_part] = names.index(f'{side} {part}')
    members = (groups == np.arange(len(names))[:, None]).astype(np.float64)
    means = members / np.maximum(members.sum(axis=1, keepdims=True), 1)
    skin = np.flatnonzero(groups == SKIN)
    return LandmarkGroups(groups, means, skin, np.array(list(GROUPS.values())))


def _is_in(topology: FaceTopology, region: str) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = topology.region_of_landmark == topology.region_names.index(region)
    return found


def _is_near(topology: FaceTopology, region: str, margin_m: float) -> NDArray[np.bool_]:
    """Return which mesh landmarks belong to a region or lie close to it on the average face."""
    vertices = topology.canonical_vertices_m
    inside = vertices[_is_in(topology, region)[: len(vertices)]]
    distances = np.linalg.norm(vertices[:, None] - inside, axis=2).min(axis=1)
    near: NDArray[np.bool_] = distances < margin_m
    return near
