"""The images of a recording with camera and depth, as a node would have had them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from facemesh_ros.image.bit_depth import StreamBitDepth
from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.io.errors import UnreadableError
from facemesh_ros.io.pictures import MAX_PIXELS
from facemesh_ros.io.recordings.camera_topics import COMPRESSED, CameraTopics
from facemesh_ros.io.recordings.message_store import MessageStore
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.io.recordings.storage import RecordedMessage
from facemesh_ros.messages.camera_model import CameraInfoModel
from facemesh_ros.messages.cdr_image import Octets, image_from_cdr
from facemesh_ros.messages.image_conversion import frame_from_msg, ns_from_stamp
from facemesh_ros.messages.nearest_depth import NearestDepth
from facemesh_ros.types import Camera, DepthImage, Frame

# So long after an image, by the time of recording, its camera_info and its depth may come.
PATIENCE_NS = 200_000_000
# Images wait for theirs in memory.
MAX_WAITING = 16
KEPT_DEPTHS, KEPT_STAMPS = 2 * MAX_WAITING, 8 * MAX_WAITING


class RecordedCamera:
    """One camera of a recording while that is read.

    Attributes:
        topics: Its topics.
        images: How many were read so far.
        depth_problem: Why the last depth image cannot be used; empty if it can.
    """

    def __init__(self, topics: CameraTopics, store: MessageStore) -> None:
        self.topics, self._store = topics, store
        self.model = CameraInfoModel(topics.image.name, lambda *_: None)
        self.bit_depth, self.images, self.depth_problem = StreamBitDepth(), 0, ''
        self._depth = NearestDepth(KEPT_DEPTHS, self._read_depth)
        # Of the newest camera_info and depth images.
        self._stamps_ns: dict[str, deque[int]] = {
            name: deque(maxlen=KEPT_STAMPS) for name in topics.names[1:]
        }

    def _read_depth(self, cdr: Octets) -> Any:
        return image_from_cdr(cdr, self._store.classes.Header, is_compressed=False)

    def add(self, message: RecordedMessage) -> None:
        """Take a camera_info or a depth image of this camera."""
        if message.topic == self.topics.info:
            stamp_ns = self.model.update(message.cdr)
            if stamp_ns is not None:
                self._stamps_ns[message.topic].append(stamp_ns)
            return
        try:
            self._stamps_ns[message.topic].append(self._depth.add(message.cdr))
        except ImageError as error:
            self.depth_problem = str(error)

    def has_all(self, stamp_ns: int) -> bool:
        """Return whether camera_info and depth of an image have come, as far as there are any."""
        return all(stamp_ns in stamps for stamps in self._stamps_ns.values())

    def geometry_of(self, frame: Frame) -> tuple[Camera | None, DepthImage | None]:
        """Return the camera of a frame, and the depth image that is nearest in time."""
        camera = self.model.camera_of(frame.stamp_ns, frame.image_wh)
        return camera, self.depth_of(frame) if camera is not None else None

    def depth_of(self, frame: Frame) -> DepthImage | None:
        """Return the depth image that is nearest to a frame in time, None if it is not usable."""
        self.depth_problem = ''
        try:
            return self._depth.nearest(frame.stamp_ns)
        except ImageError as error:
            self.depth_problem = str(error)
            return None

    @property
    def problem(self) -> str:
        """Why the last image has no metres, or none by depth; empty if it is as it should be."""
        if self.model.problem or self.model.damage:
            return self.model.problem or self.model.damage
        if not self.model.is_calibrated:
            if self.topics.info is None:
                return f'no metres: no camera_info is recorded beside {self.topics.image.name}'
            return f'no metres: {self.topics.info} is not calibrated (K is zero)'
        if self.depth_problem:
            return f'no depth: images on {self.topics.depth} are not used: {self.depth_problem}'
        return ''


@dataclass(frozen=True, slots=True)
class RecordedImage:
    """One image of a recording; decoded when its frame is asked for.

    Attributes:
        source: Path of the recording as the user gave it.
        frame: Number among the images of its topic, from 0.
        stamp_ns: Its header's stamp, ns.
        camera: What took it.
        msg: The message, its pixels a view of the serialised one.
        message: That.
        of_video: True: it is one of many.
    """

    source: Path
    frame: int
    stamp_ns: int
    camera: RecordedCamera
    msg: Any
    message: RecordedMessage
    of_video: bool = field(default=True, init=False)

    @property
    def topic(self) -> str:
        """Name of its topic."""
        return self.message.topic

    def to_frame(self) -> Frame:
        """Decode it; camera and depth are found when the frame is asked for them.

        Raises:
            ImageError: If the encoding is not supported or the message is malformed.
        """
        frame = frame_from_msg(
            self.msg, max_megapixels=MAX_PIXELS / 1e6, to_8_bits=self.camera.bit_depth.to_uint8
        )
        return replace(frame, find_geometry=cache(partial(self.camera.geometry_of, frame)))


class DamagedImage(NamedTuple):
    """An image that cannot be read.

    Attributes:
        topic: Name of its topic.
        reason: What is wrong.
    """

    topic: str
    reason: str


def recorded_images(
    recording: Recording,
    cameras: list[CameraTopics],
    store: MessageStore,
    take: Callable[[RecordedMessage], None] | None = None,
) -> Iterator[RecordedImage | DamagedImage]:
    """Yield the images of some cameras in the order in which they were recorded.

    `take`, if given, is called with each message of the recording, also those of other topics.

    Each comes when its camera_info and its depth have been read, which were recorded before or
    after it. A damaged image has its place among them.

    Raises:
        UnreadableError: After the last image that can be read, if that is not all.
    """
    opened = [RecordedCamera(topics, store) for topics in cameras]
    names = {name for camera in opened for name in camera.topics.names}
    if take is not None:
        names = set(recording.topics)
    take_first_infos(recording, opened)
    of_image = {camera.topics.image.name: camera for camera in opened}
    waiting: deque[RecordedImage | DamagedImage] = deque()
    damage = None
    try:
        for message in recording.messages(names):
            if take is not None:
                take(message)
            for camera in opened:
                if message.topic in camera.topics.names[1:]:
                    camera.add(message)
            if message.topic in of_image:
                waiting.append(image_of(message, of_image[message.topic], recording.path, store))
            while waiting and _is_ready(waiting[0], message.log_ns, len(waiting)):
                yield waiting.popleft()
    except UnreadableError as error:
        damage = error
    yield from waiting
    if damage is not None:
        raise damage


def take_first_infos(recording: Recording, cameras: list[RecordedCamera]) -> None:
    """Give each camera its first camera_info: images before it have none of their own."""
    for camera in cameras:
        if camera.topics.info is not None:
            with suppress(UnreadableError):  # reported when the images are read
                for first in islice(recording.messages([camera.topics.info]), 1):
                    camera.add(first)


def image_of(
    message: RecordedMessage, camera: RecordedCamera, path: Path, store: MessageStore
) -> RecordedImage | DamagedImage:
    """Return the next image of a camera."""
    is_compressed = camera.topics.image.type_name == COMPRESSED
    number = camera.images
    camera.images += 1
    try:
        msg = image_from_cdr(message.cdr, store.classes.Header, is_compressed=is_compressed)
    except ImageError as error:
        return DamagedImage(message.topic, str(error))
    return RecordedImage(path, number, ns_from_stamp(msg.header), camera, msg, message)


def _is_ready(image: RecordedImage | DamagedImage, now_ns: int, waiting: int) -> bool:
    return (
        isinstance(image, DamagedImage)
        or waiting > MAX_WAITING
        or now_ns - image.message.log_ns > PATIENCE_NS
        or image.camera.has_all(image.stamp_ns)
    )
