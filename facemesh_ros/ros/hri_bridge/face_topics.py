"""The topics of one face, in /humans/faces/<id>."""

from __future__ import annotations

from collections.abc import Sequence

from hri_msgs.msg import FacialActionUnits, FacialLandmarks, NormalizedRegionOfInterest2D
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import Image

from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.ros.hri_bridge.action_units import action_units_msg
from facemesh_ros.ros.hri_bridge.face_images import aligned_face, cropped_face
from facemesh_ros.ros.hri_bridge.messages import landmarks_msg, landmarks_of, roi_msg
from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from facemesh_ros.types import Frame

FACES = '/humans/faces'
# As hri_face_detect offers them: what is old is of no use, and subscribers may ask for either
# reliability.
NEWEST = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.RELIABLE)


class FaceTopics:
    """Publishes one face, each topic only while it is subscribed to.

    Quality of service is not overridable here: the parameters of faces that are gone would stay.
    """

    def __init__(self, node: Node, face_id: str, image_wh: tuple[int, int] | None) -> None:
        """Create the publishers; `image_wh`: size of its pictures, None for no pictures at all."""
        self._node, self._image_wh = node, image_wh
        prefix = f'{FACES}/{face_id}'
        self._roi = node.create_publisher(NormalizedRegionOfInterest2D, f'{prefix}/roi', NEWEST)
        self._landmarks = node.create_publisher(FacialLandmarks, f'{prefix}/landmarks', NEWEST)
        self._action_units = node.create_publisher(FacialActionUnits, f'{prefix}/facs', NEWEST)
        self._images: dict[str, Publisher] = {}
        if image_wh is not None:
            for name in ('cropped', 'aligned'):
                self._images[name] = node.create_publisher(Image, f'{prefix}/{name}', NEWEST)

    @property
    def wants_images(self) -> bool:
        """Whether somebody subscribes to a picture of this face."""
        return any(map(_is_read, self._images.values()))

    def publish(
        self, face: FaceMesh, image: FaceMeshArray, blendshape_names: Sequence[str]
    ) -> None:
        """Publish where the face is in an image, and what it does."""
        if _is_read(self._roi):
            self._roi.publish(roi_msg(face, image))
        if _is_read(self._landmarks):
            self._landmarks.publish(landmarks_msg(face, image))
        if _is_read(self._action_units):
            units = action_units_msg(face, image, blendshape_names)
            if units is not None:
                self._action_units.publish(units)

    def publish_images(self, face: FaceMesh, image: FaceMeshArray, frame: Frame) -> None:
        """Publish pictures of the face, cut out of the image that it was found in."""
        if self._image_wh is None:
            return
        if _is_read(self._images['cropped']):
            picture = cropped_face(frame, face.box, self._image_wh)
            self._images['cropped'].publish(msg_from_bgr(picture, image.header))
        if _is_read(self._images['aligned']):
            picture = aligned_face(frame, landmarks_of(face), self._image_wh)
            self._images['aligned'].publish(msg_from_bgr(picture, image.header))

    def destroy(self) -> None:
        """Destroy the publishers."""
        facts = self._roi, self._landmarks, self._action_units
        for publisher in (*facts, *self._images.values()):
            self._node.destroy_publisher(publisher)


def _is_read(publisher: Publisher) -> bool:
    return publisher.get_subscription_count() > 0
