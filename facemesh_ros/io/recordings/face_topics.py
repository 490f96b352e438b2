"""Which topics of a recording hold faces, and the images in which they were found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from facemesh_ros.io.errors import UnreadableError
from facemesh_ros.io.recordings.camera_topics import (
    OUR_LANDMARKS,
    CameraTopics,
    TopicChoice,
    cameras_in,
)
from facemesh_ros.io.recordings.message_store import MessageStore
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.io.recordings.storage import RecordedTopic
from facemesh_ros.messages.cdr_image import CDR_ERRORS, header_from_cdr

OUR_INFO = 'facemesh_ros/msg/FaceMeshInfo'
# So much of a recording is compared by stamp to tell which images belong to which faces.
_COMPARED_MESSAGES, _COMPARED_NS = 50, 30 * 10**9


@dataclass(frozen=True, slots=True)
class FaceTopics:
    """What belongs to the faces of one camera of a recording.

    Attributes:
        stream: Topic of the images, or of the faces if the images are not recorded, or if others
            found faces in the same images.
        landmarks: Topic of FaceMeshArray messages.
        info: Topic of FaceMeshInfo; None if there is none.
        camera: Topics of the images in which the faces are; None if they are not recorded.
    """

    stream: str
    landmarks: RecordedTopic
    info: RecordedTopic | None
    camera: CameraTopics | None


def face_topics_in(recording: Recording, store: MessageStore) -> list[FaceTopics]:
    """Return the topics of each camera with faces, by name; empty if there are none.

    Faces have the stamps of their images, by which these are found; where two cameras are
    synchronised, by frame_id, and then by name.
    """
    landmarks = [
        topic
        for _, topic in sorted(recording.topics.items())
        if topic.type_name == OUR_LANDMARKS and topic.encoding == 'cdr'
    ]
    cameras: list[CameraTopics] = []
    with suppress(UnreadableError):  # no images
        cameras = cameras_in(recording, TopicChoice(), store.classes)
    headers = _headers_of(recording, landmarks, cameras) if landmarks and cameras else {}
    camera_of = {topic.name: _camera_of(topic.name, cameras, headers) for topic in landmarks}
    claimed = Counter(camera.image.name for camera in camera_of.values() if camera is not None)
    found = []
    for topic in landmarks:
        camera = camera_of[topic.name]
        is_alone = camera is not None and claimed[camera.image.name] == 1
        stream = camera.image.name if camera is not None and is_alone else topic.name
        found.append(FaceTopics(stream, topic, _info_of(topic.name, recording.topics), camera))
    return found


def _info_of(landmarks: str, topics: Mapping[str, RecordedTopic]) -> RecordedTopic | None:
    """Return the info in the namespace of some landmarks, or the only one that there is."""
    infos = {name: topic for name, topic in topics.items() if topic.type_name == OUR_INFO}
    near = infos.get(f'{landmarks.rpartition("/")[0]}/info')
    if near is not None or len(infos) != 1:
        return near
    return next(iter(infos.values()))


@dataclass(slots=True)
class _Headers:
    """Those of the first messages of a topic."""

    first_log_ns: int | None = None
    stamps_ns: set[int] = field(default_factory=set)
    frame_ids: set[str] = field(default_factory=set)

    def add(self, log_ns: int, cdr: bytes) -> None:
        self.first_log_ns = log_ns if self.first_log_ns is None else self.first_log_ns
        with suppress(*CDR_ERRORS):  # told when it is read
            stamp_ns, frame_id = header_from_cdr(cdr)
            self.frame_ids.add(frame_id)
            if stamp_ns:
                self.stamps_ns.add(stamp_ns)

    def is_enough(self, now_ns: int) -> bool:
        if self.first_log_ns is None:
            return False
        return (
            len(self.stamps_ns) >= _COMPARED_MESSAGES or now_ns - self.first_log_ns > _COMPARED_NS
        )


def _headers_of(
    recording: Recording, landmarks: Iterable[RecordedTopic], cameras: Iterable[CameraTopics]
) -> dict[str, _Headers]:
    """Return headers at the beginning of each topic."""
    ours = {topic.name for topic in landmarks if topic.count}
    headers = {name: _Headers() for name in (*ours, *(it.image.name for it in cameras))}
    with suppress(UnreadableError):  # told when everything is read
        for message in recording.messages(list(headers)):
            headers[message.topic].add(message.log_ns, message.cdr)
            if all(headers[name].is_enough(message.log_ns) for name in ours):
                break
    return headers


def _camera_of(
    landmarks: str, cameras: Iterable[CameraTopics], headers: Mapping[str, _Headers]
) -> CameraTopics | None:
    faces = headers.get(landmarks, _Headers())
    words = set(landmarks.split('/'))

    def likeness(camera: CameraTopics) -> tuple[int, int, int]:
        images = headers[camera.image.name]
        return (
            len(faces.stamps_ns & images.stamps_ns),
            len(faces.frame_ids & images.frame_ids),
            len(words & set(camera.image.name.split('/'))),
        )

    best = max(cameras, key=likeness, default=None)
    return best if best is not None and likeness(best)[0] else None
