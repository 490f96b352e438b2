"""The faces that a recording holds, as a node published them, with their images if wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.io.errors import UnreadableError
from facemesh_ros.io.recordings.camera_topics import CameraTopics
from facemesh_ros.io.recordings.face_topics import FaceTopics
from facemesh_ros.io.recordings.message_store import MessageStore
from facemesh_ros.io.recordings.recorded_definitions import reader_of
from facemesh_ros.io.recordings.recorded_images import (
    PATIENCE_NS,
    DamagedImage,
    RecordedCamera,
    image_of,
    take_first_infos,
)
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.io.recordings.storage import RecordedMessage
from facemesh_ros.messages.cdr_image import CDR_ERRORS, header_from_cdr
from facemesh_ros.messages.image_conversion import ns_from_stamp
from facemesh_ros.types import Camera, Frame
from facemesh_ros.viz.seen_image import SeenImage

# Half a second at 60 Hz: images wait in memory for their faces, which are found later.
MAX_IMAGES = 32
_NO_FACES = 'no readable facemesh_ros/msg/FaceMeshArray'

Take = Callable[[RecordedMessage], None]


def recorded_faces(
    recording: Recording,
    topics: Sequence[FaceTopics],
    store: MessageStore,
    *,
    with_images: bool = False,
    also: Mapping[str, Take] | None = None,
) -> Iterator[SeenImage | DamagedImage]:
    """Yield what was found in each image, in the order in which the faces were recorded.

    Args:
        recording: It is read once, from its beginning on.
        topics: What `face_topics_in` found in it, or some of these.
        store: Makes the messages.
        with_images: Whether pixels are read and decoded too; without them `frame` is None. The
            camera is found in any case.
        also: By names of other topics what is called with each of their messages.

    Yields:
        Faces; and what cannot be read, which has its place among them: faces, or the image of
        the faces that follow.

    Raises:
        UnreadableError: Before anything is read, if the definitions of the messages are not those
            of this package; after the last faces that can be read, if that is not all.
    """
    others = dict(also or {})
    streams = [_Stream(recording, one, store, with_images=with_images) for one in topics]
    names = {name for stream in streams for name in stream.names} | others.keys()
    damage = None
    try:
        for message in recording.messages(names):
            if (take := others.get(message.topic)) is not None:
                take(message)
            for stream in streams:
                stream.add(message)
                yield from stream.ready(message.log_ns)
    except UnreadableError as error:
        damage = error
    for stream in streams:
        yield from stream.ready(None)
    if damage is not None:
        raise damage


class _Stream:
    """One camera's faces while a recording is read."""

    def __init__(
        self, recording: Recording, topics: FaceTopics, store: MessageStore, *, with_images: bool
    ) -> None:
        self._topics, self._path = topics, recording.path
        self._read_faces = reader_of(recording, topics.landmarks, store)
        self._infos = _Infos(recording, topics, store)
        self._camera: RecordedCamera | None = None
        self._images: _Images | None = None
        if topics.camera is not None:
            # Depth was of use when the faces were found.
            seen = CameraTopics(topics.camera.image, topics.camera.info, None)
            self._camera = RecordedCamera(seen, store)
            take_first_infos(recording, [self._camera])
            if with_images:
                self._images = _Images(self._camera, recording.path, store)
        self._waiting: deque[RecordedMessage] = deque()

    @property
    def names(self) -> list[str]:
        """Names of the topics that are read."""
        camera = self._topics.camera
        wanted = [self._topics.landmarks.name, self._infos.topic]
        if camera is not None:
            wanted.append(camera.info)
        if self._images is not None:
            wanted.append(self._images.topic)
        return [name for name in wanted if name is not None]

    def add(self, message: RecordedMessage) -> None:
        """Take a message of any topic."""
        if message.topic == self._topics.landmarks.name:
            self._waiting.append(message)
        elif message.topic == self._infos.topic:
            self._infos.add(message)
        elif self._images is not None and message.topic == self._images.topic:
            self._images.add(message)
        elif self._camera is not None and message.topic == self._camera.topics.info:
            self._camera.add(message)

    def ready(self, now_ns: int | None) -> Iterator[SeenImage | DamagedImage]:
        """Yield the faces that need not wait any longer; without a time, all of them."""
        while self._waiting:
            message = self._waiting[0]
            if now_ns is not None and not self._has_image(message, now_ns - message.log_ns):
                return
            self._waiting.popleft()
            yield from self._seen(message)

    def _has_image(self, message: RecordedMessage, waited_ns: int) -> bool:
        if self._images is None or waited_ns > PATIENCE_NS:
            return True
        try:
            stamp_ns, _ = header_from_cdr(message.cdr)
        except CDR_ERRORS:
            return True
        return self._images.has(stamp_ns)

    def _seen(self, message: RecordedMessage) -> Iterator[SeenImage | DamagedImage]:
        try:
            msg = self._read_faces(message.cdr)
            _check(msg)
        except Exception as error:  # whatever it is, these bytes are no faces
            yield DamagedImage(message.topic, f'{_NO_FACES}: {error or type(error).__name__}')
            return
        stamp_ns, frame = ns_from_stamp(msg.header), None
        if self._images is not None:
            image = self._images.pop(stamp_ns)
            if isinstance(image, DamagedImage):
                yield image
            else:
                frame = image
        camera = self._camera_of(stamp_ns, (int(msg.image_width), int(msg.image_height)))
        stream, info = self._topics.stream, self._infos.newest
        yield SeenImage(stream, stamp_ns, message.log_ns, msg, info, frame, camera)

    def _camera_of(self, stamp_ns: int, image_wh: tuple[int, int]) -> Camera | None:
        return self._camera.model.camera_of(stamp_ns, image_wh) if self._camera else None


def _check(msg: Any) -> None:
    """Raise ValueError if a message was made of bytes of another definition."""
    for face in msg.faces:
        if len(face.landmarks) != 3 * face.landmark_count:
            raise ValueError(
                'they may be of another version of this package, whose definition is not recorded'
            )


class _Infos:
    """The newest FaceMeshInfo; the first holds from the beginning on, as it is latched.

    Attributes:
        topic: Its name; None if there is none.
        newest: None until one has come.
    """

    def __init__(self, recording: Recording, topics: FaceTopics, store: MessageStore) -> None:
        self.topic = topics.info.name if topics.info is not None else None
        self.newest: Any | None = None
        if topics.info is not None:
            self._read = reader_of(recording, topics.info, store)
            with suppress(UnreadableError):  # told when the faces are read
                for first in islice(recording.messages([topics.info.name]), 1):
                    self.add(first)

    def add(self, message: RecordedMessage) -> None:
        """Take a message; a damaged one is none."""
        with suppress(Exception):
            self.newest = self._read(message.cdr)


class _Images:
    """The images of a camera that wait for their faces, serialised, by stamp."""

    def __init__(self, camera: RecordedCamera, path: Path, store: MessageStore) -> None:
        self._camera, self._path, self._store = camera, path, store
        self.topic = camera.topics.image.name
        self._newest: dict[int, RecordedMessage] = {}

    def add(self, message: RecordedMessage) -> None:
        """Take the next image; one whose stamp cannot be read belongs to no faces."""
        with suppress(*CDR_ERRORS):
            stamp_ns, _ = header_from_cdr(message.cdr)
            self._newest[stamp_ns] = message
        if len(self._newest) > MAX_IMAGES:
            del self._newest[next(iter(self._newest))]

    def has(self, stamp_ns: int) -> bool:
        """Return whether an image has come."""
        return stamp_ns in self._newest

    def pop(self, stamp_ns: int) -> Frame | DamagedImage | None:
        """Return the frame of an image; None if it is not recorded."""
        message = self._newest.pop(stamp_ns, None)
        if message is None:
            return None
        image = image_of(message, self._camera, self._path, self._store)
        try:
            return image if isinstance(image, DamagedImage) else image.to_frame()
        except ImageError as error:
            return DamagedImage(self.topic, str(error))
