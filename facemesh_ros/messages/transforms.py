"""Faces as frames: `face_<id>`, `mouth_<id>` and `gaze_<id>` in the frame of their camera."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from facemesh_ros.geometry.gaze_frame import gaze_rotations, mean_gazes
from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.messages.image_conversion import ns_from_stamp
from facemesh_ros.messages.message_classes import MessageClasses
from facemesh_ros.types import Faces, FaceState, MetricFaces, MetricSource

# Their middle is that of the mouth's opening, wide open too; its corners lie deeper in the face.
OPENING = [NAMED_POINTS['upper_lip_inner'], NAMED_POINTS['lower_lip_inner']]


def tf2_takes(frame_id: str) -> bool:
    """Tell whether tf2 and RViz take a frame_id: it is not empty and begins with no slash."""
    return bool(frame_id) and not frame_id.startswith('/')


class FaceTransforms:
    """Builds the frames of a stream's faces.

    Attributes:
        withheld: Whether tf2 would not have taken those of the last image, for its frame_id.
    """

    def __init__(self, classes: MessageClasses) -> None:
        self._classes = classes
        self._stamp_ns, self.withheld = 0, False

    def msg(self, faces: Faces, msg: Any) -> Any | None:
        """Return the message for /tf, None if there is nothing that tf2 would take.

        Args:
            faces: Of an image.
            msg: Their message.
        """
        transforms = self.transforms(faces, msg)
        self.withheld = bool(transforms) and not tf2_takes(msg.header.frame_id)
        # tf2 complains of a transform that comes twice, and has no use for one without a time.
        stamp_ns = ns_from_stamp(msg.header)
        if not transforms or self.withheld or stamp_ns in (0, self._stamp_ns):
            return None
        self._stamp_ns = stamp_ns
        return self._classes.TFMessage(transforms=transforms)

    def transforms(self, faces: Faces, msg: Any) -> list[Any]:
        """Return the frames of all faces seen in an image, each with what is known of it.

        face: the pose as published. mouth: the same axes in the middle of the opening between the
        lips. gaze: the origin of the face, z where both eyes look, x to the person's right, y down
        (REP-155); where no gaze is known z is the face's x, as the REP asks for.

        Args:
            faces: Those that are only expected in this image, and those without metres, have none.
            msg: Their message.
        """
        return [
            self._classes.TransformStamped(
                header=msg.header, child_frame_id=f'{kind}_{face.id}', transform=frame
            )
            for index, face in enumerate(msg.faces)
            # What nobody has seen at this time must not be told to an arm.
            if face.state != FaceState.COASTING and face.metric_source != MetricSource.NONE
            for kind, frame in self._frames(faces.metric, index, face)
        ]

    def _frames(self, metric: MetricFaces, index: int, face: Any) -> Iterator[tuple[str, Any]]:
        vector, transform = self._classes.Vector3, self._classes.Transform
        position, axes = face.pose.pose.position, face.pose.pose.orientation
        origin = vector(x=position.x, y=position.y, z=position.z)
        yield 'face', transform(translation=origin, rotation=axes)
        points_m = metric.landmarks_m[index]
        mouth_m = points_m[OPENING].mean(axis=0, dtype=float)
        x, y, z = mouth_m.tolist()
        yield 'mouth', transform(translation=vector(x=x, y=y, z=z), rotation=axes)
        yield 'gaze', transform(translation=origin, rotation=self._gaze_axes(metric, index))

    def _gaze_axes(self, metric: MetricFaces, index: int) -> Any:
        head = metric.rotations[index]
        gaze = mean_gazes(np.stack([metric.gazes_right[index], metric.gazes_left[index]]))
        rotation = gaze_rotations(gaze, head)
        if np.isnan(rotation).any():
            rotation = gaze_rotations(head[:, 0], head)
        x, y, z, w = quaternion_xyzw_from_matrix(rotation).tolist()
        return self._classes.Quaternion(x=x, y=y, z=z, w=w)
