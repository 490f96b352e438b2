"""Recordings for tests, written by the library `rosbags`, which shares no code with our reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rosbags.interfaces import Qos
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from facemesh_ros.geometry.canonical_face import load_topology

STORE = get_typestore(Stores.ROS2_HUMBLE)
TYPES = STORE.types
START_NS = 1_700_000_000 * 10**9
# As long as the times that numbered frames are taken to have.
PERIOD_NS = 33_333_333
FRAME_ID = 'camera_optical_frame'
FX = 400.0


def header(stamp_ns: int, frame_id: str = FRAME_ID) -> Any:
    stamp = TYPES['builtin_interfaces/msg/Time'](stamp_ns // 10**9, stamp_ns % 10**9)
    return TYPES['std_msgs/msg/Header'](stamp, frame_id)


def image(pixels: np.ndarray, stamp_ns: int, encoding: str = 'bgr8') -> Any:
    height, width = pixels.shape[:2]
    step = pixels.strides[0]
    data = np.frombuffer(np.ascontiguousarray(pixels).tobytes(), np.uint8)
    return TYPES['sensor_msgs/msg/Image'](header(stamp_ns), height, width, encoding, 0, step, data)


def compressed(pixels: np.ndarray, stamp_ns: int, suffix: str = 'png') -> Any:
    _, encoded = cv2.imencode(f'.{suffix}', pixels)
    return TYPES['sensor_msgs/msg/CompressedImage'](header(stamp_ns), suffix, encoded.ravel())


def camera_info(image_wh: tuple[int, int], stamp_ns: int, fx: float = FX) -> Any:
    width, height = image_wh
    k = np.array([fx, 0, (width - 1) / 2, 0, fx, (height - 1) / 2, 0, 0, 1], float)
    p = np.insert(k.reshape(3, 3), 3, 0.0, axis=1).ravel()
    roi = TYPES['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    return TYPES['sensor_msgs/msg/CameraInfo'](
        header(stamp_ns),
        height,
        width,
        'plumb_bob',
        np.zeros(5),
        k,
        np.eye(3).ravel(),
        p,
        0,
        0,
        roi,
    )


@dataclass(frozen=True)
class Sent:
    """A message of a recording."""

    topic: str
    msg: Any
    log_ns: int


@dataclass
class Bag:
    """Messages in the order in which they are recorded."""

    sent: list[Sent] = field(default_factory=list)

    def add(self, topic: str, msg: Any, log_ns: int) -> None:
        self.sent.append(Sent(topic, msg, log_ns))

    def write(
        self,
        path: Path,
        storage: StoragePlugin = StoragePlugin.MCAP,
        mode: CompressionMode = CompressionMode.NONE,
        qualities: Mapping[str, Sequence[Qos]] | None = None,
    ) -> Path:
        """Write a folder as rosbag2 does and return the file in it.

        `qualities`: the quality of service of topics, of those that it matters for.
        """
        writer = Writer(path, version=8, storage_plugin=storage)
        writer.set_compression(mode, CompressionFormat.ZSTD)
        with writer:
            connections: dict[str, Any] = {}
            for topic, msg, log_ns in ((one.topic, one.msg, one.log_ns) for one in self.sent):
                if topic not in connections:
                    connections[topic] = writer.add_connection(
                        topic,
                        msg.__msgtype__,
                        typestore=STORE,
                        offered_qos_profiles=(qualities or {}).get(topic, ()),
                    )
                cdr = STORE.serialize_cdr(msg, msg.__msgtype__)
                writer.write(connections[topic], log_ns, cdr)
        (file,) = (one for one in path.iterdir() if one.name != 'metadata.yaml')
        return file


def bag_of(
    images: Sequence[np.ndarray],
    topic: str = '/cam/image_raw',
    make: Callable[[np.ndarray, int], Any] = image,
    *,
    with_info: bool = True,
    depths_mm: Iterable[np.ndarray] = (),
    bag: Bag | None = None,
) -> Bag:
    """A camera at 30 Hz; camera_info and depth are recorded after each image."""
    bag = bag or Bag()
    namespace = topic.removesuffix('/compressed').rpartition('/')[0]
    depths = list(depths_mm)
    for number, pixels in enumerate(images):
        stamp_ns = START_NS + number * PERIOD_NS
        log_ns = stamp_ns + 20_000_000
        bag.add(topic, make(pixels, stamp_ns), log_ns)
        if with_info:
            image_wh = pixels.shape[1], pixels.shape[0]
            bag.add(f'{namespace}/camera_info', camera_info(image_wh, stamp_ns), log_ns + 1000)
        if depths:
            depth = image(depths[number], stamp_ns, '16UC1')
            bag.add(f'{namespace}/depth/image_raw', depth, log_ns + 5_000_000)
    return bag


def depth_of_face(face: dict[str, Any], image_wh: tuple[int, int], farther: float) -> np.ndarray:
    """A depth image, mm, of a face in a line of JSON at so many times its distance, and a wall."""
    pixels, points_m = np.array(face['landmarks'])[:, :2], np.array(face['landmarks_metric'])
    drawn = np.full(image_wh[::-1], 3000, np.float32)
    for triangle in load_topology(468).triangles:
        corners = np.round(pixels[triangle]).astype(np.int32)
        cv2.fillConvexPoly(drawn, corners, float(1000 * farther * points_m[triangle, 2].mean()))
    return drawn.astype(np.uint16)
