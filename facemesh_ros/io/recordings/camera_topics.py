"""Which topics of a recording are cameras, and what belongs to each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from facemesh_ros.io.errors import UnreadableError, readable_name
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.io.recordings.storage import RecordedTopic
from facemesh_ros.io.video import DEFAULT_RATE_HZ, MAX_RATE_HZ, MIN_RATE_HZ
from facemesh_ros.messages.cdr_image import image_from_cdr
from facemesh_ros.messages.image_conversion import DEPTH_ENCODINGS
from facemesh_ros.messages.message_classes import MessageClasses

IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
OUR_LANDMARKS = 'facemesh_ros/msg/FaceMeshArray'
# The names of image_transport.
_COMPRESSED_NAME, _COMPRESSED_DEPTH_NAME = '/compressed', '/compressedDepth'
DEPTH_NAME = 'depth/image_raw'


@dataclass(frozen=True, slots=True)
class CameraTopics:
    """What belongs to one camera of a recording.

    Attributes:
        image: Topic of its images.
        info: Name of its camera_info's topic; None if that is not recorded.
        depth: Name of the topic of its registered depth images; None if there is none.
    """

    image: RecordedTopic
    info: str | None
    depth: str | None

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [name for name in (self.image.name, self.info, self.depth) if name is not None]


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """Which topics the user wants.

    Attributes:
        images: Names of image topics; empty for all cameras of a recording.
        depth: Name of the depth topic; None for that beside the images.
    """

    images: tuple[str, ...] = ()
    depth: str | None = None


def base_of(image_topic: str) -> str:
    """Return a topic without its transport, as image_transport names it."""
    return image_topic.removesuffix(_COMPRESSED_NAME)


def beside(image_topic: str, name: str) -> str:
    """Return the topic of a name in the namespace of an image topic."""
    return f'{base_of(image_topic).rpartition("/")[0]}/{name}'


def cameras_in(
    recording: Recording, choice: TopicChoice, classes: MessageClasses
) -> list[CameraTopics]:
    """Return the cameras of a recording that are wanted.

    Raises:
        UnreadableError: If there is none, or a topic that was asked for is not there or of
            another type.
    """
    topics = recording.topics
    if choice.images:
        names = [_slashed(name) for name in choice.images]
        images = [_of_type(recording, name, (IMAGE, COMPRESSED)) for name in names]
    else:
        images = _without_twins(_image_topics(recording, classes))
    if not images:
        raise UnreadableError(f'{readable_name(recording.path)} has no images: {_listed(topics)}')
    if choice.depth is not None:
        _of_type(recording, _slashed(choice.depth), (IMAGE,))
        if len(images) > 1:
            raise UnreadableError(
                f'{readable_name(recording.path)} has several cameras '
                f'({", ".join(topic.name for topic in images)}): --depth-topic belongs to one, '
                'choose it by --topic'
            )
    return [_camera_of(image, topics, choice) for image in images]


def recorded_rate_hz(path: Path, choice: TopicChoice) -> float:
    """Return the images per second of a recording's first camera, a default if it is not known.

    Raises:
        UnreadableError: If it has no such camera.
    """
    with Recording(path) as recording:
        camera = cameras_in(recording, choice, message_store().classes)[0]
        intervals, span_s = camera.image.count - 1, recording.span_ns / 1e9
    if intervals < 1 or span_s <= 0:
        return DEFAULT_RATE_HZ
    return min(max(MIN_RATE_HZ, intervals / span_s), MAX_RATE_HZ)


def _camera_of(
    image: RecordedTopic, topics: Mapping[str, RecordedTopic], choice: TopicChoice
) -> CameraTopics:
    info = beside(image.name, 'camera_info')
    depth = _slashed(choice.depth) if choice.depth else beside(image.name, DEPTH_NAME)
    has_info = info in topics and topics[info].type_name == CAMERA_INFO
    has_depth = depth in topics and topics[depth].type_name == IMAGE
    return CameraTopics(image, info if has_info else None, depth if has_depth else None)


def _image_topics(recording: Recording, classes: MessageClasses) -> list[RecordedTopic]:
    """Return topics of images that are neither depth nor shown by a node of this package."""
    ours = [
        topic.name.rpartition('/')[0] + '/'
        for topic in recording.topics.values()
        if topic.type_name == OUR_LANDMARKS
    ]
    return [
        topic
        for name, topic in sorted(recording.topics.items())
        if topic.type_name in (IMAGE, COMPRESSED)
        and topic.encoding == 'cdr'
        and not name.startswith(tuple(ours))
        and not _is_depth(recording, topic, classes)
    ]


def _is_depth(recording: Recording, topic: RecordedTopic, classes: MessageClasses) -> bool:
    """Return whether images are depth images, by the encoding of the first of them."""
    if topic.type_name == COMPRESSED:
        return topic.name.endswith(_COMPRESSED_DEPTH_NAME)
    try:
        first = next(recording.messages([topic.name]), None)
        if first is None:
            return False
        image = image_from_cdr(first.cdr, classes.Header, is_compressed=False)
    except Exception:  # whatever it is, it is told when it is read
        return False
    encoding = str(getattr(image, 'encoding', '')).strip().lower()
    # depth_image_proc has it as mono16 too, which elsewhere is an image.
    return encoding in DEPTH_ENCODINGS or (encoding == 'mono16' and 'depth' in topic.name)


def _without_twins(images: Collection[RecordedTopic]) -> list[RecordedTopic]:
    """Leave out compressed images whose raw ones are there too."""
    raw = {topic.name for topic in images if topic.type_name == IMAGE}
    return [
        topic for topic in images if topic.type_name == IMAGE or base_of(topic.name) not in raw
    ]


def _of_type(recording: Recording, name: str, wanted: tuple[str, ...]) -> RecordedTopic:
    found = recording.topics.get(name)
    file = readable_name(recording.path)
    if found is None:
        raise UnreadableError(f'{file} has no topic {name}: {_listed(recording.topics)}')
    if found.type_name not in wanted or found.encoding != 'cdr':
        raise UnreadableError(
            f'{file}: {name} is {found.type_name} ({found.encoding}), not '
            f'{" or ".join(wanted)} (cdr)'
        )
    return found


def _listed(topics: Mapping[str, RecordedTopic]) -> str:
    lines: Iterable[str] = (f'{topic.name} ({topic.type_name})' for topic in topics.values())
    return 'it has ' + (', '.join(sorted(lines)) or 'no topics')


def _slashed(name: str) -> str:
    return '/' + name.lstrip('/')
