"""Recordings of faces that a test has placed, written by `rosbags` and not by our writer."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ideal_faces import FACING
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.geometry.named_points import points_among
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.geometry.shape_model import canonical_landmarks_m
from facemesh_ros.io.recordings.message_store import message_store

START_NS, PERIOD_NS = 1_700_000_000 * 10**9, 40_000_000
IMAGE_WH = (640, 480)
FOCAL_PX = 600.0
LANDMARKS, INFO = 'facemesh_ros/msg/FaceMeshArray', 'facemesh_ros/msg/FaceMeshInfo'
FOLDER = Path(__file__).parents[2] / 'msg'
OWN_TYPES = ('FaceMesh', 'FaceMeshArray', 'FaceMeshInfo')
BLENDSHAPES = ('_neutral', 'eyeBlinkLeft', 'eyeBlinkRight', 'jawOpen')
CLASSES = message_store().classes


def own_definitions() -> dict[str, str]:
    """The definitions of today by the bare names of their types."""
    return {name: (FOLDER / f'{name}.msg').read_text() for name in OWN_TYPES}


def typestore(definitions: dict[str, str] | None = None) -> Any:
    """Types of ROS and ours, of today or as they are given."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for name, text in (definitions or own_definitions()).items():
        store.register(get_types_from_msg(text, f'facemesh_ros/msg/{name}'))
    return store


def header(stamp_ns: int, frame_id: str = 'camera_optical_frame') -> Any:
    made = CLASSES.Header(frame_id=frame_id)
    made.stamp.sec, made.stamp.nanosec = divmod(stamp_ns, 10**9)
    return made


def info(landmark_count: int = 478, **fields: Any) -> Any:
    topology, points = load_topology(landmark_count), points_among(landmark_count)
    values: dict[str, Any] = {
        'header': header(START_NS),
        'model': 'v2',
        'detector': 'short_range',
        'execution_provider': 'CPUExecutionProvider',
        'precision': 'fp32',
        'region_names': list(topology.region_names),
        'region_of_landmark': topology.region_of_landmark,
        'point_names': list(points),
        'point_landmarks': list(points.values()),
        'blendshape_names': list(BLENDSHAPES),
        **fields,
    }
    return CLASSES.FaceMeshInfo(**values)


def placed_face(
    identity: str = 'f00001',
    position_m: Iterable[float] = (0.0, 0.0, 1.0),
    rotation: np.ndarray = FACING,
    *,
    sigma_m: float = 0.03,
    gaze: Iterable[float] = (0.0, 0.0, -1.0),
    shape_m: np.ndarray | None = None,
    is_metric: bool = True,
    **fields: Any,
) -> Any:
    """The canonical face, or one of another shape, somewhere before a pinhole camera."""
    place = np.array(list(position_m), float)
    face_m = canonical_landmarks_m(478) if shape_m is None else shape_m
    points_m = face_m @ rotation.T + place
    pixels = FOCAL_PX * points_m / points_m[:, 2:] + [IMAGE_WH[0] / 2, IMAGE_WH[1] / 2, 0]
    pixels[:, 2] = FOCAL_PX * (points_m[:, 2] - place[2]) / place[2]
    values: dict[str, Any] = {
        'id': identity,
        'state': 1,
        'detection_score': 0.9,
        'presence': 0.99,
        'box': np.float32([*pixels[:, :2].min(axis=0), *pixels[:, :2].max(axis=0)]),
        'landmark_count': len(points_m),
        'landmarks': np.float32(pixels).ravel(),
        'jitter': 0.5,
        **(metres_of(points_m, place, rotation, sigma_m, gaze) if is_metric else no_metres()),
        **fields,
    }
    return CLASSES.FaceMesh(**values)


def metres_of(
    points_m: np.ndarray,
    place: np.ndarray,
    rotation: np.ndarray,
    sigma_m: float,
    gaze: Iterable[float],
) -> dict[str, Any]:
    covariance = np.diag([1e-4, 1e-4, sigma_m**2, 1e-2, 1e-2, 1e-2])
    direction = np.float32(list(gaze))
    return {
        'metric_source': 2,
        'landmarks_metric': np.float32(points_m).ravel(),
        'pose': pose_of(place, quaternion_xyzw_from_matrix(rotation), covariance),
        'gaze_left': direction,
        'gaze_right': direction,
        'gaze_sigma': 0.1,
        'reprojection_error': 1.0,
    }


def no_metres() -> dict[str, Any]:
    nan = np.full(3, math.nan, np.float32)
    return {
        'metric_source': 0,
        'pose': pose_of(nan, np.full(4, math.nan), np.full((6, 6), math.nan)),
        'gaze_left': nan,
        'gaze_right': nan,
        'gaze_sigma': math.nan,
        'reprojection_error': math.nan,
    }


def pose_of(position: np.ndarray, quaternion: np.ndarray, covariance: np.ndarray) -> Any:
    x, y, z = map(float, position)
    qx, qy, qz, qw = map(float, quaternion)
    pose = CLASSES.Pose(
        position=CLASSES.Point(x=x, y=y, z=z),
        orientation=CLASSES.Quaternion(x=qx, y=qy, z=qz, w=qw),
    )
    return CLASSES.PoseWithCovariance(pose=pose, covariance=covariance.ravel())


def faces_msg(stamp_ns: int, faces: Iterable[Any] = (), **fields: Any) -> Any:
    values = {
        'header': header(stamp_ns),
        'image_width': IMAGE_WH[0],
        'image_height': IMAGE_WH[1],
        'filtered': True,
        'latency': 0.02,
        'faces': list(faces),
        **fields,
    }
    return CLASSES.FaceMeshArray(**values)


@dataclass
class FaceBag:
    """Messages of this package and others in the order in which they are recorded."""

    definitions: dict[str, str] = field(default_factory=own_definitions)
    sent: list[tuple[str, str, int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = typestore(self.definitions)

    def add(self, topic: str, msg: Any, log_ns: int, type_name: str = '') -> None:
        """Take a message, as it is serialised by the definitions of this bag."""
        name = type_name or msg.__msgtype__
        self.sent.append((topic, name, log_ns, bytes(self.store.serialize_cdr(msg, name))))

    def add_faces(
        self, msg: Any, topic: str = '/facemesh/landmarks', delay_s: float = 0.02
    ) -> None:
        stamp_ns = msg.header.stamp.sec * 10**9 + msg.header.stamp.nanosec
        self.add(topic, msg, stamp_ns + int(delay_s * 1e9))

    def write(self, path: Path, storage: StoragePlugin = StoragePlugin.MCAP) -> Path:
        """Write a folder as rosbag2 does and return the file in it."""
        with Writer(path, version=8, storage_plugin=storage) as writer:
            connections: dict[str, Any] = {}
            for topic, name, log_ns, cdr in self.sent:
                if topic not in connections:
                    connections[topic] = writer.add_connection(topic, name, typestore=self.store)
                writer.write(connections[topic], log_ns, cdr)
        (file,) = (one for one in path.iterdir() if one.name != 'metadata.yaml')
        return file
