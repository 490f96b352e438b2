"""The face gate: decides which observations are faces, from all that is known of each."""

from __future__ import annotations

from dataclasses import replace

from facemesh_ros.types import Observations


def judge_faces(observations: Observations, min_presence: float) -> Observations:
    """Return the observations with `are_faces` decided.

    Args:
        observations: N, whose landmarks are the last that this image is asked for.
        min_presence: What the presence of a face must exceed.
    """
    return replace(observations, are_faces=observations.presences > min_presence)
