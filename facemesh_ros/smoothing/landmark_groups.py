"""Groups of landmarks that move together (skin, jaw, eyes, brows), and how noisy each is."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import (
    LIP_REGIONS,
    UPPER_LIP,
    FaceTopology,
    load_topology,
)
from facemesh_ros.types import UInt8

# How far around lips and eyelids the skin moves with them, m.
LIP_MARGIN_M = 0.008
LID_MARGIN_M = 0.006
SKIN, JAW = 0, 1
# Standard deviation of each group's landmarks relative to the skin's, measured; see
# docs/filtering.md.
NOISE_OF_GROUP = {
    'skin': 1.0,
    'jaw and lips': 2.3,
    'right eye': 1.5,
    'left eye': 1.5,
    'right iris': 2.1,
    'left iris': 2.1,
    'right eyebrow': 2.8,
    'left eyebrow': 2.8,
}


# Variances above which the change of a group at rest is an expression.
EXPRESSION_OF_GROUP = {**dict.fromkeys(NOISE_OF_GROUP, 9.0), 'skin': 24.0, 'jaw and lips': 14.0}


@cache
def landmark_groups(landmark_count: int) -> UInt8:
    """Return which group of `NOISE_OF_GROUP` each landmark belongs to, (L,), read-only.

    Raises:
        ValueError: Unless there are 468 or 478.
    """
    topology = load_topology(landmark_count)
    names = list(NOISE_OF_GROUP)
    groups = np.full(landmark_count, SKIN, np.uint8)
    mesh = groups[: len(topology.canonical_vertices_m)]
    heights = topology.canonical_vertices_m[:, 1]
    mesh[heights < heights[UPPER_LIP]] = JAW
    for lips in LIP_REGIONS:
        mesh[_is_near(topology, lips, LIP_MARGIN_M)] = JAW
    for side in ('right', 'left'):
        mesh[_is_near(topology, f'{side}_eye', LID_MARGIN_M)] = names.index(f'{side} eye')
        for part in ('eyebrow', 'iris'):
            is_part = _is_in(topology, f'{side}_{part}')
            groups[is_part] = names.index(f'{side} {part}')
    groups.setflags(write=False)
    return groups


def _is_in(topology: FaceTopology, region: str) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = topology.region_of_landmark == topology.region_names.index(region)
    return found


def _is_near(topology: FaceTopology, region: str, margin_m: float) -> NDArray[np.bool_]:
    """Return which mesh landmarks lie in a region or close to it on the canonical face."""
    vertices = topology.canonical_vertices_m
    inside = vertices[_is_in(topology, region)[: len(vertices)]]
    distances = np.linalg.norm(vertices[:, None] - inside, axis=2).min(axis=1)
    near: NDArray[np.bool_] = distances < margin_m
    return near
