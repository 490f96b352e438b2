"""Hostile files: what reads each kind, and sound ones to begin with."""

from __future__ import annotations

import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import zstandard
from mcap.writer import IndexType, Writer

from facemesh_ros.errors import FacemeshError
from facemesh_ros.geometry.calibration import camera_from_calibration
from facemesh_ros.io.calibration_file import CalibrationFile
from facemesh_ros.io.json_faces import faces_in_lines
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.models.archives import models_in
from hostile.cdr import RawImage
from hostile.rules import check_text

# Of a recording, read in one case.
MOST_MESSAGES = 100
IMAGE_TYPE = 'sensor_msgs/msg/Image'


@dataclass(frozen=True)
class FileKind:
    """A kind of files that strangers give us.

    Attributes:
        suffix: Of its names.
        read: Reads one as we do; raises a FacemeshError where it is damaged.
        sound: Makes sound ones, to be damaged.
    """

    suffix: str
    read: Callable[[Path], object]
    sound: Callable[[], Iterator[bytes]]

    def check(self, content: bytes) -> str:
        """Read a file of these bytes; return what became of it."""
        with tempfile.NamedTemporaryFile(suffix=self.suffix, dir=_folder()) as file:
            file.write(content)
            file.flush()
            try:
                self.read(Path(file.name))
            except FacemeshError as error:
                check_text(error)
                return 'refused'
        return 'read'


def _folder() -> str | None:
    """Return a folder in memory, where there is one."""
    return '/dev/shm' if Path('/dev/shm').is_dir() else None


def _read_calibration(path: Path) -> None:
    calibration = CalibrationFile(path).calibration_of(Path('a.png'))
    camera_from_calibration(calibration, (640, 480), rectified=False)


def _read_recording(path: Path) -> None:
    with Recording(path) as recording:
        for message in islice(recording.messages(list(recording.topics)), MOST_MESSAGES):
            assert isinstance(message.cdr, bytes)
            assert isinstance(message.topic, str)
            assert isinstance(message.log_ns, int)


def _read_lines(path: Path) -> None:
    for seen in islice(faces_in_lines(path, message_store().classes), MOST_MESSAGES):
        assert seen.stamp_ns is not None


def _sound_calibrations() -> Iterator[bytes]:
    k = [600.0, 0.0, 319.5, 0.0, 600.0, 239.5, 0.0, 0.0, 1.0]
    line = {'source': 'a.png', 'width': 640, 'height': 480, 'd': [], 'k': k, 'roi': {'width': 0}}
    yield json.dumps(line).encode()
    yield b'\n'.join([json.dumps({**line, 'source': name}).encode() for name in ('a.png', 'b')])
    yield (
        b'image_width: 640\nimage_height: 480\ncamera_matrix:\n  rows: 3\n  cols: 3\n'
        b'  data: %s\ndistortion_model: plumb_bob\ndistortion_coefficients:\n'
        b'  data: [0.1, -0.2, 0.0, 0.0, 0.0]\n' % str(k).encode()
    )


@cache
def _image_cdr() -> bytes:
    return RawImage(height=1, width=4, encoding=b'mono8', step=4, data=b'abcd').cdr()


def _sound_mcaps() -> Iterator[bytes]:
    for options in ({}, {'use_chunking': False}, {'index_types': IndexType.NONE}):
        file = io.BytesIO()
        writer = Writer(file, **options)  # type: ignore[arg-type]
        writer.start('ros2')
        schema = writer.register_schema(IMAGE_TYPE, 'ros2msg', b'uint32 height')
        channel = writer.register_channel('/image_raw', 'cdr', schema)
        for stamp_ns in (1, 2):
            writer.add_message(channel, stamp_ns, _image_cdr(), stamp_ns)
        writer.finish()
        yield file.getvalue()


def _sound_databases() -> Iterator[bytes]:
    for cdr in (_image_cdr(), zstandard.compress(_image_cdr()), 7, 'text', None):
        yield database(cdr)
    yield database(_image_cdr(), name=None)
    yield database(_image_cdr(), stamp='soon')


def _sound_packed() -> Iterator[bytes]:
    for content in (next(_sound_databases()), b'', bytes(2**20)):
        yield zstandard.compress(content)
        packer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
        yield packer.compress(content) + packer.flush()


def database(
    cdr: object, *, name: object = '/image_raw', stamp: object = 1, kind: object = IMAGE_TYPE
) -> bytes:
    base = sqlite3.connect(':memory:')
    base.executescript(
        'PRAGMA page_size = 512;'
        'CREATE TABLE topics(id INTEGER, name, type, serialization_format, offered_qos_profiles);'
        'CREATE TABLE messages(id INTEGER, topic_id INTEGER, timestamp, data);'
        'CREATE TABLE message_definitions(topic_type, encoding, encoded_message_definition);'
    )
    base.execute('INSERT INTO topics VALUES (1, ?, ?, "cdr", "")', (name, kind))
    base.execute('INSERT INTO message_definitions VALUES (?, "ros2msg", "uint32 height")', (kind,))
    for number in (1, 2):
        base.execute('INSERT INTO messages VALUES (?, 1, ?, ?)', (number, stamp, cdr))
    base.commit()
    return base.serialize()


def _sound_archives() -> Iterator[bytes]:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        file = io.BytesIO()
        with zipfile.ZipFile(file, 'w', method) as archive:
            archive.writestr('face_detector.tflite', bytes(229746))
            archive.writestr('other.txt', b'text')
        yield file.getvalue()


def _sound_lines() -> Iterator[bytes]:
    face = {
        'id': 'f00001',
        'state': 1,
        'score': 0.9,
        'presence': 0.9,
        'box_xyxy': [0, 0, 9, 9],
        'landmarks': [[1, 2, 3]] * 3,
        'pose': None,
        'metric_source': 0,
        'landmarks_metric': None,
        'gaze_left': None,
        'gaze_right': None,
        'gaze_sigma': None,
    }
    line = {'source': 'a.png', 'frame': 0, 'stamp_ns': 0, 'image_wh': [9, 9], 'ms': 1.0}
    yield json.dumps({**line, 'faces': []}).encode()
    yield json.dumps({**line, 'faces': [face]}).encode()
    pose = {'position_m': [0, 0, 1], 'quaternion_xyzw': [0, 0, 0, 1], 'covariance': [0.0] * 36}
    yield json.dumps({**line, 'faces': [{**face, 'pose': pose, 'metric_source': 1}]}).encode()


FILE_KINDS = {
    'calibration': FileKind('.yaml', _read_calibration, _sound_calibrations),
    'mcap': FileKind('.mcap', _read_recording, _sound_mcaps),
    'sqlite': FileKind('.db3', _read_recording, _sound_databases),
    'packed': FileKind('.db3.zstd', _read_recording, _sound_packed),
    'archive': FileKind('.task', models_in, _sound_archives),
    'json lines': FileKind('.jsonl', _read_lines, _sound_lines),
}
