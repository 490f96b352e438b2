"""In which frame the faces of an image are shown, and where in it."""

from __future__ import annotations

from facemesh_ros.messages.cdr_image import CdrHeader
from facemesh_ros.messages.scene import SceneFaces, scene_in_camera
from facemesh_ros.ros.input.camera_info import CameraModel
from facemesh_ros.ros.output.target_frame import TargetFrame, TargetFrameError
from facemesh_ros.types import Faces, Frame


class ScenePlacement:
    """Places faces in the target frame, or in the camera's own while there is no way to it.

    Attributes:
        problem: Why faces are not in the target frame; empty if they are, or if there is none.
    """

    def __init__(self, camera: CameraModel, target: TargetFrame | None) -> None:
        self._camera, self._target = camera, target
        self.problem = ''

    def place(
        self, faces: Faces, frame: Frame, header: CdrHeader
    ) -> tuple[SceneFaces, CdrHeader] | None:
        """Return faces in space and the header of their frame; None if they have no place.

        `header` is that of their image.
        """
        scene = scene_in_camera(faces, frame, self._camera.intrinsics)
        if scene is None or self._target is None:
            return None if scene is None else (scene, header)
        try:
            transform = self._target.transform_from(header)
        except TargetFrameError as error:
            self.problem = str(error)
            return scene, header
        self.problem = ''
        return scene.moved(transform), CdrHeader(header.stamp, self._target.frame_id)
