"""The faces of one image, and what several topics show of them."""

from __future__ import annotations

from functools import cached_property

from std_msgs.msg import Header

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.messages.scene import SceneFaces
from facemesh_ros.ros.output.scene_placement import ScenePlacement
from facemesh_ros.types import Faces, Frame, UInt8
from facemesh_ros.viz.drawing import draw_faces


class ImageResult:
    """What is known of one image; what takes time is made when first asked for, and once.

    Attributes:
        faces: The faces.
        frame: The image, with its camera if that is calibrated.
        header: Of the image.
        marker_style: The parameter of that name.
    """

    def __init__(
        self,
        faces: Faces,
        frame: Frame,
        header: Header,
        marker_style: str,
        topology: FaceTopology,
        placement: ScenePlacement,
    ) -> None:
        """Keep them; `topology` is that of the landmarks, `placement` places them in space."""
        self.faces, self.frame, self.header = faces, frame, header
        self.marker_style = marker_style
        self._topology, self._placement = topology, placement

    @cached_property
    def scene(self) -> tuple[SceneFaces, Header] | None:
        """The faces in space, see `ScenePlacement.place`."""
        return self._placement.place(self.faces, self.frame, self.header)

    @cached_property
    def drawing(self) -> UInt8:
        """The annotated image, (H, W, 3) BGR."""
        return draw_faces(self.frame, self.faces, self._topology)
