"""Recordings with the faces beside what was recorded, as a node publishes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.io import ImageOrigin, MediaError, MediaSource, SourceKind, readable_name
from facemesh_ros.io.recordings.camera_topics import CameraTopics, base_of
from facemesh_ros.io.recordings.mcap_writer import McapWriter
from facemesh_ros.io.recordings.message_store import MessageStore, message_store
from facemesh_ros.io.recordings.offered_quality import offered_quality
from facemesh_ros.io.recordings.recorded_images import RecordedImage
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.io.recordings.storage import RecordedMessage
from facemesh_ros.io.results import counted
from facemesh_ros.messages.annotations import AnnotationMessages
from facemesh_ros.messages.face_messages import FACES_TYPE, NoneMissed, faces_cdr
from facemesh_ros.messages.info_message import info_msg
from facemesh_ros.messages.markers import MARKERS_TYPE, MarkerMessages
from facemesh_ros.messages.scene import scene_in_camera
from facemesh_ros.messages.transforms import TF_TYPE, FaceTransforms
from facemesh_ros.types import Faces, Frame

SUFFIX = '.mcap'
# The name of the node, and the default of its parameter marker_style.
NODE, MARKER_STYLE = '/facemesh', 'mesh'
_TYPES = {
    'landmarks': FACES_TYPE,
    'info': 'facemesh_ros/msg/FaceMeshInfo',
    'markers': MARKERS_TYPE,
    'annotations': 'foxglove_msgs/msg/ImageAnnotations',
}
# As the node has them.
_QUALITY, _TF_QUALITY = offered_quality(5), offered_quality(100)
_INFO_QUALITY = offered_quality(1, latched=True)


class CameraMessages:
    """Writes the faces of one camera into a recording."""

    def __init__(self, prefix: str, sensor: FaceSensor, store: MessageStore) -> None:
        """Take the prefix of the topics, the models, and the classes of the messages."""
        self._prefix, self._sensor, self._store = prefix, sensor, store
        self._transforms = FaceTransforms()
        self._markers = MarkerMessages(sensor.topology)
        self._annotations = AnnotationMessages(store.annotation_classes, sensor.topology)
        self._has_info = False

    @property
    def topics(self) -> list[str]:
        """Names of the topics that it may write, but /tf."""
        return [self._prefix + name for name in _TYPES]

    def write(self, writer: McapWriter, image: RecordedImage, frame: Frame, faces: Faces) -> None:
        """Write what a node publishes for an image; raises MediaError if that fails."""
        header, log_ns = image.msg.header, image.message.log_ns

        def add(name: str, msg: Any) -> None:
            quality = _INFO_QUALITY if name == 'info' else _QUALITY
            writer.add_msg(self._prefix + name, _TYPES[name], msg, log_ns, quality)

        if not self._has_info:
            info_header = self._store.classes.Header(stamp=header.stamp)
            model, topology = self._sensor.model, self._sensor.topology
            add('info', info_msg(self._store.classes, model, topology, info_header))
            self._has_info = True
        add('landmarks', faces_cdr(faces, header, frame.image_wh, NoneMissed()))
        if (frames := self._transforms.cdr(faces, header)) is not None:
            writer.add_msg('/tf', TF_TYPE, frames, log_ns, _TF_QUALITY)
        scene = scene_in_camera(faces, frame, image.camera.model.intrinsics)
        if scene is not None:
            add('markers', self._markers.cdr(scene, MARKER_STYLE, header))
        add('annotations', self._annotations.msg(faces, frame, header.stamp))


class BagOutput:
    """One MCAP file for each recording; a `Results` and a `RecordingListener`.

    Attributes:
        complete: How many are written.
    """

    def __init__(
        self, sensor: FaceSensor, path_of: Mapping[Path, Path] | None = None, target: Path = Path()
    ) -> None:
        """Take the file for each recording, see `bag_paths`, or be told by `place`.

        The target is how `written` calls the place of all.
        """
        self._sensor, self._store = sensor, message_store()
        self._path_of, self._target = dict(path_of or {}), target
        self._unfinished: Path | None = None
        self._writer: McapWriter | None = None
        self._cameras: dict[str, CameraMessages] = {}
        self._replaced: set[str] = set()
        self.complete, self._partial = 0, list[Path]()

    def place(self, source: MediaSource, path: Path | None, unfinished: Path | None) -> None:
        """Take where a recording goes, and where it lies until it is complete."""
        self._unfinished = unfinished
        if path is not None:
            self._path_of[source.files[0]] = path

    def __enter__(self) -> BagOutput:
        return self

    def __exit__(self, *error: object) -> None:
        self.end(is_complete=False)

    def begin(self, recording: Recording, cameras: list[CameraTopics]) -> None:
        """See `RecordingListener.begin`."""
        self._writer = writer = McapWriter(
            self._path_of[recording.path], self._store, self._unfinished
        )
        prefixes = _prefixes([camera.image.name for camera in cameras])
        self._cameras = {
            topic: CameraMessages(prefix, self._sensor, self._store)
            for topic, prefix in prefixes.items()
        }
        ours = {topic for camera in self._cameras.values() for topic in camera.topics}
        self._replaced = ours & recording.topics.keys()
        for name, topic in recording.topics.items():
            if name not in self._replaced:
                writer.add_topic(topic)

    def take(self, message: RecordedMessage) -> None:
        """See `RecordingListener.take`."""
        if self._writer is not None and message.topic not in self._replaced:
            self._writer.add(message)

    def end(self, *, is_complete: bool) -> None:
        """See `RecordingListener.end`."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        path = writer.close(is_complete=is_complete)
        if is_complete:
            self.complete += 1
        else:
            self._partial.append(path)

    def write(self, origin: ImageOrigin, frame: Frame, faces: Faces, took_ms: float) -> None:
        """Write the faces of a recorded image; those of other files are left out."""
        if self._writer is not None and isinstance(origin, RecordedImage):
            self._cameras[origin.topic].write(self._writer, origin, frame, faces)

    @property
    def written(self) -> str:
        """How many recordings are in which place."""
        partial = ', '.join(map(readable_name, self._partial))
        return written_recordings(self.complete, self._target) + (
            f' (not complete: {partial})' if partial else ''
        )


def bag_paths(target: Path, sources: Iterable[MediaSource]) -> dict[Path, Path]:
    """Return for each recording the file into which it goes with its faces.

    Raises:
        MediaError: If there is no recording, or there are several for one file.
    """
    paths = [it.files[0] for it in sources if it.kind is SourceKind.RECORDING]
    name = readable_name(target)
    if not paths:
        raise MediaError(f'{name} cannot take --bag: there is no recording among the files')
    if target.suffix == SUFFIX:
        if len(paths) > 1:
            raise MediaError(
                f'{name} cannot take {len(paths)} recordings: give a folder, whose name does not '
                f'end in {SUFFIX}'
            )
        return {paths[0]: target}
    taken: Counter[str] = Counter()
    found: dict[Path, Path] = {}
    for path in paths:
        stem = path.name if path.is_dir() else path.name.partition('.')[0]
        taken[stem] += 1
        number = f'_{taken[stem]}' if taken[stem] > 1 else ''
        found[path] = target / f'{stem}{number}{SUFFIX}'
    return found


def make_bag_folder(target: Path) -> None:
    """Make the folder for recordings, if it is one; raises MediaError if that fails."""
    if target.suffix == SUFFIX:
        return
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(f'{readable_name(target)} cannot be made: {error.strerror}') from error


def written_recordings(complete: int, target: Path) -> str:
    """Say how many recordings are in which place."""
    return f'{counted(complete, "recording")} to {readable_name(target)}'


def _prefixes(image_topics: Sequence[str]) -> dict[str, str]:
    """Return the prefix of each camera's outputs, by its image topic.

    That of a single camera is the node's, as of a node without `cameras`; else its namespace, or
    its name where several cameras share one.
    """
    if len(image_topics) == 1:
        return {image_topics[0]: f'{NODE}/'}
    bases = {topic: base_of(topic) for topic in image_topics}
    spaces = Counter(base.rpartition('/')[0] for base in bases.values())
    return {
        topic: f'{NODE}{base if not space or spaces[space] > 1 else space}/'
        for topic, base in bases.items()
        for space in [base.rpartition('/')[0]]
    }
