"""What the viewer reads of one camera: its faces, and the images that they were found in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.messages.camera_model import CameraInfoModel
from facemesh_ros.msg import FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.input.cdr_image import AnyCompressedImage, AnyImage, read_image
from facemesh_ros.ros.input.image_conversion import frame_from_msg, ns_from_stamp
from facemesh_ros.ros.input.stamp_matcher import StampMatcher
from facemesh_ros.ros.qos import LATCHED, SENSOR_DATA, create_subscription
from facemesh_ros.ros.viewer.topics_of_faces import ImageTopics, images_of, named_images
from facemesh_ros.types import Frame
from facemesh_ros.viz.seen_image import SeenImage

# Discovery and the first images may take this long.
PATIENCE_S = 5.0
# Faces without an image wait for it no longer than this before they are shown alone.
ALONE_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class _Faces:
    msg: FaceMeshArray
    received_ns: int


class FaceStream:
    """Subscribes to the faces of a camera, and to its images as soon as they are known.

    Everything is best effort, so that nobody waits for whoever looks on, but `~/info`, which is
    latched and seldom.

    Attributes:
        faces_topic: Full name of the topic of faces.
        name: What its topics have in common: that of the node and, with several, the camera.
    """

    def __init__(
        self,
        node: Node,
        faces_topic: str,
        image_topic: str | None,
        put: Callable[[str, Callable[[], SeenImage]], None],
        tell: Callable[[str], None],
    ) -> None:
        """Subscribe.

        Args:
            node: The viewer.
            faces_topic: See `FaceStream`.
            image_topic: That of their images; None to find them by the graph.
            put: Given the name of this stream and what makes the next image to show, which
                decodes it, in whatever thread.
            tell: Given what the user should know, once.

        Raises:
            TopicError: If a name makes no valid topic.
        """
        self.faces_topic, self.name = faces_topic, faces_topic.rpartition('/')[0]
        self._node, self._named, self._put, self._tell = node, image_topic, put, tell
        self._info: FaceMeshInfo | None = None
        self._images: ImageTopics | None = None
        self._candidate: ImageTopics | None = None
        self._image_subscriptions: list[Subscription] = []
        self._camera = self._camera_of('')
        self._matcher: StampMatcher[AnyImage | AnyCompressedImage, _Faces] = StampMatcher()
        self._began_s = time.monotonic()
        self._first_s, self._received_s, self._paired_s = math.inf, -math.inf, -math.inf
        info_topic = f'{self.name}/info'
        create_subscription(node, FaceMeshArray, faces_topic, self._take_faces, SENSOR_DATA)
        create_subscription(node, FaceMeshInfo, info_topic, self._take_info, LATCHED)

    def find_images(self) -> None:
        """Subscribe to the images once they are known, or others; to be called now and then.

        They are if two calls find the same: at first a node is known with some of its topics,
        and those of another camera would be taken.
        """
        if self._named is not None:
            images = named_images(self._node, self._named)
        else:
            images = images_of(self._node, self.faces_topic)
        is_settled, self._candidate = images == self._candidate, images
        if images is not None and is_settled and images != self._images:
            self._subscribe_to(images)

    def problems(self) -> Iterator[str]:
        """Yield what is not shown, why, and what to do about it."""
        now_s, topic = time.monotonic(), self.faces_topic
        if now_s - max(self._began_s, self._received_s) > PATIENCE_S:
            yield (
                f'no faces come on {topic}: is its node active, and does its camera send images? '
                'Its /diagnostics say why'
            )
        elif now_s - self._began_s > PATIENCE_S:
            yield from self._problems_of_images(now_s)

    def _problems_of_images(self, now_s: float) -> Iterator[str]:
        if self._images is None and self._named is not None:
            yield f'nobody publishes {self._named}: the meshes come without pictures until then'
        elif self._images is None:
            yield (
                f'the images of {self.faces_topic} are not known, so its meshes come without '
                'pictures: name them by --image-topic'
            )
        elif now_s - self._paired_s > PATIENCE_S:
            yield (
                f'no image on {self._images.image} has the stamp of the faces on '
                f'{self.faces_topic}, so the meshes come without pictures: are they of that '
                'camera (--image-topic names another one), does it stamp its images, or are they '
                'lost on their way? Then the profile fastdds_large_images.xml helps'
            )

    def _camera_of(self, image_topic: str) -> CameraInfoModel:
        return CameraInfoModel(image_topic, lambda text, _: self._tell(text))

    def _subscribe_to(self, images: ImageTopics) -> None:
        while self._image_subscriptions:
            self._node.destroy_subscription(self._image_subscriptions.pop())
        self._matcher.clear()
        self._images, self._camera = images, self._camera_of(images.image)
        self._tell(f'{self.faces_topic} is shown with the images of {images.image}')
        node, image_type = self._node, images.image_type

        def take_image(cdr: bytes) -> None:
            self._take_image(image_type, cdr)

        self._image_subscriptions.append(
            create_subscription(node, image_type, images.image, take_image, SENSOR_DATA, raw=True)
        )
        if images.info is not None:
            update = self._camera.update
            self._image_subscriptions.append(
                create_subscription(node, CameraInfo, images.info, update, SENSOR_DATA, raw=True)
            )

    def _take_info(self, msg: FaceMeshInfo) -> None:
        self._info = msg

    def _take_faces(self, msg: FaceMeshArray) -> None:
        now_s = time.monotonic()
        self._first_s = min(self._first_s, now_s)
        self._received_s = now_s
        faces, stamp_ns = _Faces(msg, time.time_ns()), ns_from_stamp(msg.header)
        pair = self._matcher.put_faces(stamp_ns, faces)
        if pair is not None:
            self._show(*pair)
        elif now_s - max(self._first_s, self._paired_s) > ALONE_AFTER_S:
            self._show(None, faces)

    def _take_image(self, image_type: type, cdr: bytes) -> None:
        try:
            image = read_image(image_type, cdr)
        except ImageError as error:
            self._tell(f'an image cannot be shown: {error}')
            return
        pair = self._matcher.put_image(ns_from_stamp(image.header), image)
        if pair is not None:
            self._show(*pair)

    def _show(self, image: AnyImage | AnyCompressedImage | None, faces: _Faces) -> None:
        if image is not None and image.header.frame_id != faces.msg.header.frame_id:
            image = None  # of another camera that is triggered at the same moment
        if image is not None:
            self._paired_s = time.monotonic()
        self._put(self.name, lambda: self._seen(image, faces))

    def _seen(self, image: AnyImage | AnyCompressedImage | None, faces: _Faces) -> SeenImage:
        msg, stamp_ns = faces.msg, ns_from_stamp(faces.msg.header)
        camera = self._camera.camera_of(stamp_ns, (msg.image_width, msg.image_height))
        frame = None if image is None else self._frame_of(image)
        return SeenImage(self.name, stamp_ns, faces.received_ns, msg, self._info, frame, camera)

    def _frame_of(self, image: AnyImage | AnyCompressedImage) -> Frame | None:
        try:
            return frame_from_msg(image)
        except ImageError as error:
            self._tell(f'an image cannot be shown: {error}')
            return None
