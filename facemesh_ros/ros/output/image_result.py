"""The faces of one image, and what several topics show of them."""

from __future__ import annotations

from functools import cached_property

from std_msgs.msg import Header

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.messages.cdr_image import CdrHeader
from facemesh_ros.messages.scene import SceneFaces
from facemesh_ros.ros.output.scene_placement import ScenePlacement
from facemesh_ros.types import Faces, Frame, UInt8
from facemesh_ros.viz.drawing import draw_faces


class ImageResult:
    """What is known of one image; what takes time is made when first asked for, and once.

    Attributes:
        faces: The faces.
        frame: The image, with its camera if that is calibrated.
        cdr_header: Of the image, for what is written as bytes.
        marker_style: The parameter of that name.
    """

    def __init__(
        self,
        faces: Faces,
        frame: Frame,
        header: CdrHeader,
        marker_style: str,
        topology: FaceTopology,
        placement: ScenePlacement,
    ) -> None:
        """Keep them; `topology` is that of the landmarks, `placement` places them in space."""
        self.faces, self.frame, self.marker_style = faces, frame, marker_style
        self.cdr_header = header
        self._topology, self._placement = topology, placement

    @cached_property
    def header(self) -> Header:
        """The same as a message, for those that are messages of rclpy."""
        stamp, header = self.cdr_header.stamp, Header(frame_id=self.cdr_header.frame_id)
        header.stamp.sec, header.stamp.nanosec = stamp.sec, stamp.nanosec
        return header

    @cached_property
    def scene(self) -> tuple[SceneFaces, CdrHeader] | None:
        """The faces in space, see `ScenePlacement.place`."""
        return self._placement.place(self.faces, self.frame, self.cdr_header)

    @cached_property
    def drawing(self) -> UInt8:
        """The annotated image, (H, W, 3) BGR."""
        return draw_faces(self.frame, self.faces, self._topology)
