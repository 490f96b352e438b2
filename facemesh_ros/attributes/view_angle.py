"""Heads turned back to where they are: a landmark model draws them too frontal.

FaceMesh pulls a turned head towards frontal: with a scan rendered at known poses the angle between
the face's x axis and the line of sight comes out 3 to 6 degrees too small at 30 to 60, and a man
in three cameras at a time agrees. A nod is pulled from the first degree on, a turn of the head
only beyond 15 degrees or so, where its far side begins to hide. The far side is drawn too wide,
too, which makes a turned head seem nearer than it is, and the whole face slides over the skull,
about an axis behind the sellion.

So the correction is one of the pose, smooth and odd in both angles, and the same for every
person. Correcting the landmarks instead (a field over the face, linear in both angles, in place
of one rotation) fits the scan it is fitted on better, and the other set worse.
"""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros import native
from facemesh_ros.attributes.head_pose import HeadPose


@dataclass(frozen=True, slots=True)
class ViewAngleCorrection:
    """What turns a fitted pose into that of the head.

    With az and el the direction of the camera in face axes (az to the subject's left, el up):
    az' = az (1 + yaw_gain az² / (az² + 30°²) exp(-(az / 80°)⁴)),
    el' = el (1 + pitch_gain exp(-(el / 50°)⁴)).

    Attributes:
        yaw_gain: Of az.
        pitch_gain: Of el.
        distance_gain: A head at view angle θ is farther by this times 1 - cos θ.
        pivot_depth_m: How far behind the sellion the axis of the turn is, m.

    Source of the defaults: fitted on both sets by `./run bench geometry --parts view_angle`.
    """

    yaw_gain: float = 0.13
    pitch_gain: float = 0.15
    distance_gain: float = 0.08
    pivot_depth_m: float = 0.06

    @classmethod
    def none(cls) -> ViewAngleCorrection:
        """Return the correction for landmarks that are exact."""
        return cls(0, 0, 0, 0)

    def apply(self, pose: HeadPose) -> HeadPose:
        """Return where a head is that is seen at a pose; any camera axes will do."""
        return HeadPose(*native.turn_back(pose.rotation, pose.position_m, self.numbers))

    @property
    def numbers(self) -> tuple[float, float, float, float]:
        """The attributes, in their order."""
        return self.yaw_gain, self.pitch_gain, self.distance_gain, self.pivot_depth_m
