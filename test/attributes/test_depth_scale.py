"""What a depth image tells of a face, and which depth images are refused."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from posed_faces import CAMERA, IMAGE_WH, SeenFace, as_by_kinect, rendered_depth, seen_face, turned

from facemesh_ros.attributes import depth_scale, face_scale
from facemesh_ros.attributes.face_scale import FaceScale, ScaleEstimate
from facemesh_ros.types import DepthImage, Float32, Frame, MetricSource, PixelOrder

IMAGE = np.zeros(IMAGE_WH[::-1], np.uint8)
REFUSALS = (
    depth_scale.EMPTY,
    depth_scale.NO_FACE,
    depth_scale.SHIFTED,
    face_scale.IMPLAUSIBLE,
)
PLACES = st.tuples(st.floats(-0.05, 0.05), st.floats(-0.04, 0.04), st.floats(0.4, 1.0))


def shown(
    face: SeenFace,
    depth_m: Float32,
    second: float = 0.0,
    *,
    scale: FaceScale | None = None,
    mode: str = 'auto',
    late_ms: float = 0.0,
) -> ScaleEstimate:
    """Return the estimate after one image and its depth image."""
    stamp_ns = int(second * 1e9)
    depth = DepthImage(depth_m, stamp_ns + int(late_ms * 1e6))
    frame = Frame(IMAGE, PixelOrder.MONO, stamp_ns, CAMERA, depth)
    return (scale or FaceScale()).update(face.landmarks, face.posed, frame, mode)


def errors_m(estimate: ScaleEstimate, face: SeenFace) -> np.ndarray:
    """Return how far each landmark (468,) is from where it is."""
    found_m = estimate.scaled_landmarks(face.posed.landmarks_m)
    return np.linalg.norm(found_m - face.points_m, axis=1)[:468]


@settings(max_examples=25)
@given(
    size=st.floats(0.85, 1.15),
    place=PLACES,
    yaw_deg=st.floats(-40, 40),
    pitch_deg=st.floats(-15, 15),
)
def test_exact_depth_says_exactly_how_large_a_face_is(
    size: float, place: tuple[float, float, float], yaw_deg: float, pitch_deg: float
) -> None:
    face = seen_face(size, place, turned(yaw_deg, pitch_deg))
    estimate = shown(face, rendered_depth(face.points_m))
    assert (estimate.source, estimate.problem) == (MetricSource.DEPTH, '')
    assert estimate.factor == pytest.approx(size, rel=0.005)
    # At 1 m a factor that is .2 % off moves all of them by 2 mm; a Kinect's noise there is 3 mm.
    assert np.median(errors_m(estimate, face)) < 0.003
    assert 0.005 < estimate.sigma < 0.015


def by_kinect(draw: np.random.Generator, wall_m: float = 1.0) -> tuple[SeenFace, Float32]:
    """Return a face somewhere in view, and what a Kinect sees of it and of a wall behind."""
    place = draw.uniform([-0.05, -0.04, 0.4], [0.05, 0.04, 1.0])
    rotation = turned(draw.uniform(-35, 35), draw.uniform(-15, 15))
    face = seen_face(draw.uniform(0.9, 1.1), tuple(place.tolist()), rotation)
    clean_m = rendered_depth(face.points_m, background_m=place[2] + wall_m)
    return face, as_by_kinect(clean_m, draw, face.landmarks[:, :2])


def test_a_kinect_s_depth_says_how_large_a_face_is() -> None:
    estimates = []
    for seed in range(40):
        face, depth_m = by_kinect(np.random.default_rng(seed))
        estimate = shown(face, depth_m)
        estimates.append(estimate)
        if estimate.source == MetricSource.DEPTH:
            assert estimate.factor == pytest.approx(face.size, rel=0.01)
            assert np.median(errors_m(estimate, face)) < 0.005
    assert sum(each.source == MetricSource.DEPTH for each in estimates) >= 38


@settings(max_examples=20)
@given(tilt_deg=st.floats(-7, 7), flatter=st.floats(0.75, 1.25), yaw_deg=st.floats(-30, 30))
def test_a_depth_image_corrects_tilt_and_relief(
    tilt_deg: float, flatter: float, yaw_deg: float
) -> None:
    """The face is posed by who has its pitch wrong, and believes its relief to be deeper."""
    true = seen_face(1.0, (0, 0, 0.6), turned(yaw_deg))
    wrong = seen_face(1.0, (0, 0, 0.6), turned(yaw_deg, tilt_deg))
    middle_m = wrong.points_m[:, 2].mean()
    ranges_m = (wrong.points_m[:, 2] - middle_m) * flatter + middle_m
    believed_m = true.posed.rays * (ranges_m / true.posed.rays[:, 2])[:, None]
    face = replace(true, posed=replace(true.posed, landmarks_m=believed_m))
    estimate = shown(face, rendered_depth(true.points_m))
    assert estimate.source == MetricSource.DEPTH
    off_m = np.abs(estimate.scaled_landmarks(believed_m) - true.points_m)[:468, 2]
    rigid = depth_scale.facial_skin().is_rigid
    assert np.mean(off_m[rigid] < 0.008) > 0.95
    assert off_m[[13, 14]].max() < 0.005


def painted(face: SeenFace, depth_m: Float32, landmarks: list[int], to: float) -> Float32:
    """Return the depth image with the hull of landmarks at another depth, 0 for unknown."""
    hull = cv2.convexHull(np.rint(face.landmarks[landmarks, :2]).astype(np.int32))
    changed = depth_m.copy()
    cv2.fillConvexPoly(changed, hull, to)
    return changed


MOUTH = [61, 291, 0, 17, 39, 269, 84, 314]
GLASSES = [70, 300, 117, 346, 143, 372]
FRINGE = [54, 284, 103, 332, 66, 296, 10]
COVERS = {
    'open mouth': (MOUTH, 0.03),
    'glasses without depth': (GLASSES, None),
    'fringe': (FRINGE, -0.02),
    'mouth without depth': (MOUTH, None),
}


@pytest.mark.parametrize('cover', COVERS)
@pytest.mark.parametrize('yaw_deg', [0, 25, -40])
def test_what_is_no_skin_changes_nothing(cover: str, yaw_deg: float) -> None:
    face = seen_face(1.08, (0.03, 0.0, 0.7), turned(yaw_deg))
    landmarks, nearer_m = COVERS[cover]
    to = 0.0 if nearer_m is None else float(face.points_m[landmarks, 2].mean() + nearer_m)
    estimate = shown(face, painted(face, rendered_depth(face.points_m), landmarks, to))
    assert (estimate.source, estimate.problem) == (MetricSource.DEPTH, '')
    assert estimate.factor == pytest.approx(1.08, rel=0.01)
    assert errors_m(estimate, face)[[13, 14]].max() < 0.005


@pytest.mark.parametrize('by_m', [0.02, 0.03, 0.045, 0.07, 0.12])
def test_a_shifted_depth_image_is_refused(by_m: float) -> None:
    for seed in range(20):
        draw = np.random.default_rng(seed)
        face, depth_m = by_kinect(draw, draw.uniform(0.1, 2))
        by_px = by_m * 600 / face.points_m[168, 2]
        towards = draw.uniform(0, 2 * np.pi)
        rows, columns = np.rint(by_px * np.array([np.sin(towards), np.cos(towards)]))
        shift = np.array([[1.0, 0, columns], [0, 1, rows]])
        moved_m = cv2.warpAffine(depth_m, shift, IMAGE_WH, flags=cv2.INTER_NEAREST)
        estimate = shown(face, moved_m)
        assert estimate.source != MetricSource.DEPTH
        assert estimate.problem in REFUSALS


@pytest.mark.parametrize('late_ms', [-2000, -51, 51, 700])
def test_a_stale_depth_image_is_refused(late_ms: float) -> None:
    face = seen_face()
    estimate = shown(face, rendered_depth(face.points_m), 3.0, late_ms=late_ms)
    assert (estimate.source, estimate.problem) == (MetricSource.IRIS, depth_scale.STALE)


@pytest.mark.parametrize('late_ms', [-40, 40])
def test_cameras_that_are_not_synchronised_are_good_enough(late_ms: float) -> None:
    face = seen_face()
    estimate = shown(face, rendered_depth(face.points_m), 3.0, late_ms=late_ms)
    assert estimate.source == MetricSource.DEPTH


def test_a_depth_image_of_a_head_turned_elsewhere_is_refused() -> None:
    """As one of another moment that has the right stamp."""
    looks_away, looks_here = seen_face(rotation=turned(35)), seen_face()
    estimate = shown(looks_here, rendered_depth(looks_away.points_m))
    assert estimate.problem in REFUSALS


@pytest.mark.parametrize(
    ('depth_m', 'problem'),
    [
        (np.zeros(IMAGE_WH[::-1], np.float32), depth_scale.EMPTY),
        (np.full(IMAGE_WH[::-1], np.nan, np.float32), depth_scale.EMPTY),
        (np.full(IMAGE_WH[::-1], -1, np.float32), depth_scale.EMPTY),
        (np.full(IMAGE_WH[::-1], np.inf, np.float32), depth_scale.EMPTY),
        (
            np.ones((240, 320), np.float32),
            depth_scale.OTHER_SIZE.format(depth_wh='320x240', image_wh='640x480'),
        ),
    ],
    ids=['zeros', 'nan', 'negative', 'infinite', 'other size'],
)
def test_a_depth_image_without_the_face_is_refused(depth_m: Float32, problem: str) -> None:
    estimate = shown(seen_face(), depth_m)
    assert (estimate.source, estimate.problem) == (MetricSource.IRIS, problem)
    assert estimate.factor == pytest.approx(1.0, abs=1e-3)
    assert shown(seen_face(), depth_m, mode='depth').source == MetricSource.NONE


@pytest.mark.parametrize('times', [1000, 1.4, 0.6])
def test_other_units_and_pictures_of_faces_are_refused(times: float) -> None:
    face = seen_face()
    estimate = shown(face, rendered_depth(face.points_m) * np.float32(times))
    assert estimate.problem in REFUSALS


def test_a_flat_picture_of_a_face_is_refused() -> None:
    face = seen_face(position_m=(0, 0, 0.5))
    assert shown(face, np.full(IMAGE_WH[::-1], 0.5, np.float32)).problem in REFUSALS


def test_a_face_at_the_image_s_edge_needs_half_of_it_to_be_seen() -> None:
    at_edge, beyond = seen_face(position_m=(-0.25, 0, 0.5)), seen_face(position_m=(-0.3, 0, 0.5))
    assert shown(at_edge, rendered_depth(at_edge.points_m)).source == MetricSource.DEPTH
    assert shown(beyond, rendered_depth(beyond.points_m)).problem == depth_scale.EMPTY
