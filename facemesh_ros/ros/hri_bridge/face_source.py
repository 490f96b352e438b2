"""What the bridge reads of one camera of the node: its faces, and images while they are wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator

from rclpy.node import Node
from rclpy.subscription import Subscription

from facemesh_ros.errors import kind_of
from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.diagnostics.finding import LogThrottle
from facemesh_ros.ros.hri_bridge.settings import BridgeSettings
from facemesh_ros.ros.hri_bridge.sound_faces import is_sound
from facemesh_ros.ros.input.cdr_image import AnyCompressedImage, AnyImage, read_image
from facemesh_ros.ros.input.image_conversion import frame_from_msg, ns_from_stamp
from facemesh_ros.ros.input.stamp_matcher import StampMatcher
from facemesh_ros.ros.input.topics import TRANSPORTS
from facemesh_ros.ros.qos import LATCHED, RELIABLE, SENSOR_DATA, create_subscription, resolved
from facemesh_ros.types import Frame

# Discovery and the first images may take this long.
PATIENCE_S = 5.0
BAD_INPUT_PERIOD_S = 30.0

FacesCallback = Callable[['FaceSource', FaceMeshArray], None]
PictureCallback = Callable[[FaceMeshArray, Frame], None]


class FaceSource:
    """Subscribes to the faces of a camera, and to its images only while they are wanted.

    Attributes:
        camera: Name of the camera, empty if the node has only one.
        blendshape_names: Of the scores of its faces, once ~/info has told them.
    """

    def __init__(
        self,
        node: Node,
        settings: BridgeSettings,
        camera: str,
        on_faces: FacesCallback,
        on_picture: PictureCallback,
    ) -> None:
        """Subscribe; `on_picture` is called with faces and the image that they were found in.

        Raises:
            TopicError: If a name makes no valid topic.
        """
        self.camera, self.blendshape_names = camera, list[str]()
        self._node, self._on_faces, self._on_picture = node, on_faces, on_picture
        prefix = f'{camera}/' if camera else ''
        outputs = f'{settings.facemesh_node}/{prefix}'
        self._faces_topic = resolved(node, f'{outputs}landmarks')
        self._msg_type, image_name = TRANSPORTS[settings.image_transport]
        self._image_name = prefix + image_name
        self._image_topic = resolved(node, self._image_name)
        self._images: Subscription | None = None
        self._has_metres = False
        self._matcher: StampMatcher[AnyImage | AnyCompressedImage, FaceMeshArray] = StampMatcher()
        self._log = LogThrottle()
        self._published_s = self._paired_s = time.monotonic()
        create_subscription(node, FaceMeshArray, self._faces_topic, self._take_faces, RELIABLE)
        create_subscription(node, FaceMeshInfo, f'{outputs}info', self._take_info, LATCHED)

    def want_images(self, wanted: bool) -> None:
        """Subscribe to the images, or no longer."""
        if wanted and self._images is None:
            self._paired_s = time.monotonic()
            self._images = create_subscription(
                self._node,
                self._msg_type,
                self._image_topic,
                self._take_image,
                SENSOR_DATA,
                raw=True,
            )
        elif not wanted and self._images is not None:
            self._node.destroy_subscription(self._images)
            self._images = None
            self._matcher.clear()

    def problems(self) -> Iterator[str]:
        """Yield what consumers will miss, why, and what to do about it."""
        now_s = time.monotonic()
        if self._node.count_publishers(self._faces_topic):
            self._published_s = now_s
            if self._has_metres and not self._has_frames():
                yield (
                    f'the node that publishes {self._faces_topic} publishes no frames face_<id> '
                    'and gaze_<id> on /tf, which consumers of ROS4HRI look for: set its parameter '
                    'publish_tf'
                )
        elif now_s - self._published_s > PATIENCE_S:
            yield (
                f'no node publishes {self._faces_topic}: start facemesh, or set facemesh_node '
                'and cameras as they are there'
            )
        if self._images is not None and now_s - self._paired_s > PATIENCE_S:
            yield (
                f'no image on {self._image_topic} has the stamp of the faces on '
                f'{self._faces_topic}, so no pictures of faces are published: '
                f'{self._way_to_images()}'
            )

    def _way_to_images(self) -> str:
        if not self._node.count_publishers(self._image_topic):
            return (
                f'nobody publishes it; remap {self._image_name} to the topic that facemesh reads, '
                'and set image_transport as there'
            )
        return (
            'is it the topic that facemesh reads, does the camera stamp its images, or are they '
            'lost on their way? Then what helps facemesh helps here: the profile '
            'fastdds_large_images.xml, or '
            f'qos_overrides.{self._image_topic}.subscription.reliability: reliable'
        )

    def _has_frames(self) -> bool:
        """Whether the node that publishes the faces also publishes frames."""
        of_faces, of_frames = (
            {(one.node_namespace, one.node_name) for one in found}
            for found in map(self._node.get_publishers_info_by_topic, (self._faces_topic, '/tf'))
        )
        return bool(of_faces & of_frames)

    def _take_faces(self, msg: FaceMeshArray) -> None:
        sound = [face for face in msg.faces if is_sound(face)]
        if len(sound) < len(msg.faces):
            self._tell(
                f'a face on {self._faces_topic} breaks the promises of FaceMesh.msg and is left '
                'out: is another program, or another version of facemesh, publishing there?'
            )
        msg.faces = sound
        self._on_faces(self, msg)
        metric = (face.metric_source != FaceMesh.METRIC_NONE for face in msg.faces)
        self._has_metres = any(metric)
        if self._images is not None:
            self._publish(self._matcher.put_faces(ns_from_stamp(msg.header), msg))
            if not msg.faces:
                self._paired_s = time.monotonic()  # nothing was to be cut out

    def _take_info(self, msg: FaceMeshInfo) -> None:
        self.blendshape_names = list(msg.blendshape_names)

    def _take_image(self, cdr: bytes) -> None:
        try:
            image = read_image(self._msg_type, cdr)
        except ImageError as error:
            self._tell(f'{self._image_topic}: {error}', kind_of(error))
            return
        if self._images is not None:  # it may have been delivered late
            self._publish(self._matcher.put_image(ns_from_stamp(image.header), image))

    def _publish(self, pair: tuple[AnyImage | AnyCompressedImage, FaceMeshArray] | None) -> None:
        if pair is None:
            return
        image, faces = pair
        self._paired_s = time.monotonic()
        if not faces.faces:
            return
        try:
            frame = frame_from_msg(image)
        except ImageError as error:
            self._tell(f'{self._image_topic}: {error}', kind_of(error))
            return
        self._on_picture(faces, frame)

    def _tell(self, text: str, kind: Hashable = 'faces') -> None:
        if self._log.is_due(kind, BAD_INPUT_PERIOD_S):
            self._node.get_logger().error(text)
