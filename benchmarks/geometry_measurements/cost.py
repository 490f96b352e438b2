"""What a face in space costs on one core, beside OpenCV's PnP and MediaPipe's face geometry."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from common.report import Column, Table, spread_columns
from common.timings import spread
from geometry_measurements.goals import Goal
from geometry_measurements.ideal_faces import IMAGE_WH, LENSES, depth_image, facing, projected
from geometry_measurements.pose_errors import EstimatedPose
from geometry_measurements.systems import MediaPipePeer, canonical_pnp
from mediapipe_geometry import matrix_from_landmarks

from facemesh_ros.attributes.drawn_irises import FACE_MESH
from facemesh_ros.attributes.face_scale import FaceScale
from facemesh_ros.attributes.gaze import estimate_gazes
from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.attributes.identity import unknown_person
from facemesh_ros.attributes.pose_covariance import RANGE_SIGMA, pose_covariances
from facemesh_ros.attributes.posed_face import CORRECTION, pose_faces
from facemesh_ros.attributes.resting_eyes import RestingEyes
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS, canonical_face_m
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.types import DepthImage, Float32, Float64, Frame, PixelOrder

RATE_HZ, IMAGES = 30, 300
SEVERAL = (4, 16)
MAX_MS = 0.3
NOISE_PX = 0.3
IRISES = {468: (33, 133), 473: (263, 362)}  # centre of an iris, between the corners of its eye
PEER_ROUNDS, PEER_IMAGES, PEER_IMAGE_WH = 5, 20, (640, 480)
TITLE = 'Processor time on one core, ms: a face in space; of MediaPipe a whole image'
COLUMNS: list[Column] = [('one face', '{what}'), ('n', '{ms.n}'), *spread_columns('ms', 3)]


def measure_cost(
    start_peer: Callable[[bool], MediaPipePeer] | None,
) -> tuple[list[Table], list[Goal]]:
    """Time everything on one core.

    Args:
        start_peer: Starts MediaPipe with or without its matrix; None if it cannot run here.
    """
    rows: list[dict[str, Any]] = []
    with one_core():
        landmarks = noisy_landmarks('plumb_bob')
        for lens in LENSES:
            what = f'ours, {lens.replace("none", "pinhole")}, auto'
            rows.append({'what': what, 'ms': spread(own_ms('auto', lens))})
        depth_ms = own_ms('depth', 'plumb_bob')
        rows.append({'what': 'ours, plumb_bob, depth image', 'ms': spread(depth_ms)})
        for count in SEVERAL:
            what = f'ours, plumb_bob, auto, each of {count} faces'
            rows.append({'what': what, 'ms': spread(own_ms('auto', 'plumb_bob', count))})
        stages = stages_ms(landmarks)
        rows += [{'what': f'of it: {what}', 'ms': spread(ms)} for what, ms in stages.items()]
        rows.append({'what': 'canonical PnP, OpenCV', 'ms': spread(pnp_ms(landmarks))})
        rows.append(
            {'what': "MediaPipe's method in numpy", 'ms': spread(numpy_mediapipe_ms(landmarks))}
        )
        if start_peer:
            rows += _peer_rows(start_peer)
    auto = next(row['ms'] for row in rows if row['what'] == 'ours, plumb_bob, auto')
    pnp = next(row['ms'] for row in rows if row['what'].startswith('canonical'))
    goal = Goal(
        'cost', 'one face on one core, plumb_bob, auto, median', auto.n, auto.median,
        high=MAX_MS, unit='ms', pnp=pnp.median,
    )  # fmt: skip
    return [
        Table(
            'cost',
            'Processor time of a face in space on one core, ms; of MediaPipe, of a whole image',
            COLUMNS,
            rows,
        )
    ], [goal]


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process on one core."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def moving_poses() -> list[EstimatedPose]:
    """Return a head that turns and moves before a camera."""
    poses = []
    for phase in np.linspace(0, 2 * np.pi, IMAGES, endpoint=False):
        position = np.array([0.1 * np.sin(phase), 0.05 * np.cos(2 * phase), 0.7])
        turn = facing(0.5 * np.sin(phase), 0.2 * np.sin(3 * phase), 0.1)
        poses.append(EstimatedPose(turn, position))
    return poses


def noisy_landmarks(lens: str) -> Float32:
    """Return the head's landmarks in a lens's image, with noise, (IMAGES, 478, 3) px."""
    random = np.random.default_rng(3)
    meshes = [projected(pose, LENSES[lens]) for pose in moving_poses()]
    moving = np.array([np.concatenate([mesh, _irises(mesh)]) for mesh in meshes])
    return (moving + random.normal(0, NOISE_PX, moving.shape)).astype(np.float32)


def _irises(mesh: Float64) -> Float64:
    """Return centre and four points on the edge of both irises, (10, 3) px."""
    radius = np.linalg.norm(mesh[33] - mesh[263]) / 89.0 * 11.7 / 2
    edge = radius * np.array([[0.0, 0, 0], [1, 0, 0], [0, -1, 0], [-1, 0, 0], [0, 1, 0]])
    return np.concatenate([mesh[list(corners)].mean(axis=0) + edge for corners in IRISES.values()])


def own_ms(mode: str, lens: str, count: int = 1) -> list[float]:
    """Return the time per face of each image of a stream of so many faces."""
    estimator, ids = HeadEstimator(), np.arange(1, count + 1)
    image = np.zeros((IMAGE_WH[1], IMAGE_WH[0]), np.uint8)
    times = []
    poses, moving = moving_poses(), noisy_landmarks(lens)
    for index, pose in enumerate(poses):
        stamp_ns = index * 10**9 // RATE_HZ
        points = moving[(index + np.arange(count) * IMAGES // count) % IMAGES]
        depth = None
        if mode == 'depth':
            placed = canonical_face_m() @ pose.rotation.T + pose.position_m
            depth = DepthImage(depth_image(points[0], placed), stamp_ns)
        frame = Frame(image, PixelOrder.MONO, stamp_ns, LENSES[lens].camera, depth)
        (ms,) = timed(lambda p=points, f=frame: estimator.update(ids, p, f, mode))
        times.append(ms / count)
    return times


def stages_ms(landmarks: Float32) -> dict[str, list[float]]:
    """Return the time of each stage for each image, plumb_bob, a person of whom nothing is known.

    The last one is what a call of numpy costs with the numbers of one face.
    """
    person, scale = unknown_person(load_shape_model()), FaceScale()
    eyes, never = [RestingEyes(FACE_MESH)], np.array([False])
    camera = LENSES['plumb_bob'].camera
    image = np.zeros((IMAGE_WH[1], IMAGE_WH[0]), np.uint8)
    times: dict[str, list[float]] = {}

    def take(stage: str, call: Callable[[], Any]) -> Any:
        started = time.process_time_ns()
        result = call()
        times.setdefault(stage, []).append((time.process_time_ns() - started) / 1e6)
        return result

    for index, points in enumerate(landmarks[:, None]):
        stamp_ns = index * 10**9 // RATE_HZ
        frame = Frame(image, PixelOrder.MONO, stamp_ns)
        rays = take('rays', lambda p=points: camera.rays_from_pixels(p[..., :2]))
        posed = take(
            'fit, correction, landmarks in metres',
            lambda p=points, r=rays: pose_faces([person], p, r, CORRECTION, never),
        )
        one = posed.face(0)
        take('size', lambda p=points, f=one, i=frame: scale.update(p[0], f, i, 'auto'))
        sigmas = np.full(1, RANGE_SIGMA)
        take(
            'covariance',
            lambda f=posed, s=sigmas: pose_covariances(f.rotations, f.positions_m, s),
        )
        take(
            'gaze', lambda p=points, f=posed, t=stamp_ns: estimate_gazes(f, p, FACE_MESH, eyes, t)
        )
        depths = one.landmarks_m[:, 2]
        take('one addition by numpy', lambda d=depths: d + d)
    return times


def pnp_ms(landmarks: Float32) -> list[float]:
    """Return the time of `canonical_pnp` for each image."""
    lens = LENSES['plumb_bob']
    return [ms for points in landmarks for ms in timed(lambda p=points: canonical_pnp(p, lens))]


def numpy_mediapipe_ms(landmarks: Float32) -> list[float]:
    """Return the time of MediaPipe's method, written in numpy as it is."""
    return [
        ms
        for points in landmarks
        for ms in timed(lambda p=points: matrix_from_landmarks(p[:MESH_LANDMARKS], IMAGE_WH))
    ]


def timed(call: Callable[[], Any]) -> list[float]:
    """Return the processor time of a call, all threads, ms: what else runs counts less."""
    started = time.process_time_ns()
    call()
    return [(time.process_time_ns() - started) / 1e6]


def _peer_rows(start: Callable[[bool], MediaPipePeer]) -> Iterator[dict[str, Any]]:
    """Yield MediaPipe's time for an image with and without its matrix; both take turns."""
    moving = moving_astronaut(PEER_IMAGE_WH)
    images = [
        np.ascontiguousarray(moving.image_at(0.3 * index)[..., ::-1])
        for index in range(PEER_IMAGES)
    ]
    times: dict[bool, list[float]] = {False: [], True: []}
    with start(False) as without, start(True) as with_matrix:
        for _ in range(PEER_ROUNDS):
            for is_with, peer in ((False, without), (True, with_matrix)):
                times[is_with] += peer.block(images, warm_up=2)['cpu_ms']
    for is_with, own in times.items():
        what = f'MediaPipe 1.2.2, a VGA picture, {"with" if is_with else "without"} its matrix'
        yield {'what': what, 'ms': spread(own)}
