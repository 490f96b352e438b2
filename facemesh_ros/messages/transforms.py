"""Faces as frames: `face_<id>`, `mouth_<id>` and `gaze_<id>` in the frame of their camera."""

from __future__ import annotations

from typing import Any

import numpy as np

from facemesh_ros.geometry.gaze_frame import gaze_rotations, mean_gazes
from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.messages.cdr_writer import CdrWriter
from facemesh_ros.messages.image_conversion import ns_from_stamp
from facemesh_ros.types import Faces, FaceState, Float64, MetricFaces, MetricSource

TF_TYPE = 'tf2_msgs/msg/TFMessage'
# Their middle is that of the mouth's opening, wide open too; its corners lie deeper in the face.
OPENING = [NAMED_POINTS['upper_lip_inner'], NAMED_POINTS['lower_lip_inner']]
# The frames of a face, in the order of `_frames`.
FRAMES = ('face', 'mouth', 'gaze')


def tf2_takes(frame_id: str) -> bool:
    """Tell whether tf2 and RViz take a frame_id: it is not empty and begins with no slash."""
    return bool(frame_id) and not frame_id.startswith('/')


class FaceTransforms:
    """Writes the frames of a stream's faces.

    Attributes:
        withheld: Whether tf2 would not have taken those of the last image, for its frame_id.
    """

    def __init__(self) -> None:
        self._stamp_ns, self.withheld = 0, False

    def cdr(self, faces: Faces, header: Any) -> bytes | None:
        """Return the serialised message for /tf, None if there is nothing that tf2 would take.

        face: the pose as published. mouth: the same axes in the middle of the opening between the
        lips. gaze: the origin of the face, z where both eyes look, x to the person's right, y down
        (REP-155); where no gaze is known z is the face's x, as the REP asks for.

        Args:
            faces: Of an image; those that are only expected in it, and those without metres, have
                no frames.
            header: Of the image.
        """
        sources, states = faces.metric.sources.tolist(), faces.states.tolist()
        # What nobody has seen at this time must not be told to an arm.
        seen = [
            index
            for index, (source, state) in enumerate(zip(sources, states, strict=True))
            if source != MetricSource.NONE and state != FaceState.COASTING
        ]
        self.withheld = bool(seen) and not tf2_takes(header.frame_id)
        # tf2 complains of a transform that comes twice, and has no use for one without a time.
        stamp_ns = ns_from_stamp(header)
        if not seen or self.withheld or stamp_ns in (0, self._stamp_ns):
            return None
        self._stamp_ns = stamp_ns
        frames, names = _frames(faces.metric, seen), faces.names
        writer = CdrWriter()
        writer.numbers('I', len(FRAMES) * len(seen))
        for row, index in enumerate(seen):
            for kind, numbers in zip(FRAMES, frames[row], strict=True):
                writer.header(header)
                writer.text(f'{kind}_{names[index]}')
                writer.array('d', numbers)
        return writer.to_bytes()


def _frames(metric: MetricFaces, chosen: list[int]) -> Float64:
    """Return (C, 3, 7): origin and quaternion (x, y, z, w) of each frame of the chosen faces."""
    heads, origins_m = metric.rotations[chosen], metric.positions_m[chosen]
    mouths_m = metric.landmarks_m[np.ix_(chosen, OPENING)].mean(axis=1, dtype=float)
    turns = quaternion_xyzw_from_matrix(np.stack([heads, _gaze_axes(metric, heads, chosen)]))
    face, mouth, gaze = (
        np.concatenate(parts, axis=1)
        for parts in ((origins_m, turns[0]), (mouths_m, turns[0]), (origins_m, turns[1]))
    )
    return np.stack([face, mouth, gaze], axis=1)


def _gaze_axes(metric: MetricFaces, heads: Float64, chosen: list[int]) -> Float64:
    eyes = np.stack([metric.gazes_right[chosen], metric.gazes_left[chosen]], axis=1)
    rotations = gaze_rotations(mean_gazes(eyes), heads)
    unknown = np.isnan(rotations).any(axis=(1, 2))
    if unknown.any():
        ahead = heads[unknown]
        rotations[unknown] = gaze_rotations(ahead[..., 0], ahead)
    return rotations
