"""Gaze: what moves it, what makes it uncertain, and eyes that look in known directions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ideal_faces import CAMERAS, IRIS_RADIUS_M, IdealFace, View

from facemesh_ros.attributes.drawn_irises import FACE_MESH, DrawnIrises
from facemesh_ros.attributes.gaze import Gaze, estimate_gaze
from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.attributes.resting_eyes import RestingEyes
from facemesh_ros.geometry.eye_landmarks import EYES
from facemesh_ros.geometry.shape_model import IRIS_DISTANCE_M, load_shape_model

CAMERA = CAMERAS['pinhole']
PEOPLE = load_shape_model()
LOWER_LIDS, UPPER_LIDS = [145, 374], [159, 386]
views = st.builds(
    View,
    pixel=st.tuples(st.floats(450, 850), st.floats(380, 600)),
    distance_m=st.floats(0.3, 0.8),
    angle_deg=st.floats(0, 35),
    towards_deg=st.floats(0, 360),
    roll_deg=st.floats(-40, 40),
)
turns = st.tuples(st.floats(-25, 25), st.floats(-20, 20))


def in_head(left_deg: float, up_deg: float) -> np.ndarray:
    """Return a direction in face axes."""
    left, up = np.radians([left_deg, up_deg])
    return np.array([np.cos(up) * np.cos(left), np.cos(up) * np.sin(left), np.sin(up)])


def looking(left_deg: float, up_deg: float) -> np.ndarray:
    """Return the 478 landmarks of a mean face whose eyes are turned, m, face axes."""
    gaze = in_head(left_deg, up_deg)
    across = np.cross([0.0, 0, 1], gaze)
    across /= np.linalg.norm(across)
    upward = np.cross(gaze, across)
    ring = IRIS_RADIUS_M * np.stack([0 * gaze, -across, upward, across, -upward])
    irises = [centre + IRIS_DISTANCE_M * gaze + ring for centre in PEOPLE.eyeball_centres_m]
    return np.concatenate([PEOPLE.mean_m, *irises])


def posed(face: IdealFace) -> tuple[PosedFace, np.ndarray]:
    """Return a face whose pose and shape are known, and its landmarks in px."""
    landmarks = face.landmarks(CAMERA)
    pose = HeadPose(face.rotation, face.position_m)
    rays = CAMERA.rays_from_pixels(landmarks[:, :2])
    eyeballs_m = PEOPLE.eyeball_centres_m
    shape = face.shape_m[:468]
    return PosedFace(
        pose, shape, face.points_m, rays, pose.view_angle_rad, eyeballs_m, 0.0
    ), landmarks


def gaze_of(view: View, left_deg: float, up_deg: float, drawn: DrawnIrises = FACE_MESH) -> Gaze:
    return estimate_gaze(*posed(view.of(CAMERA, looking(left_deg, up_deg))), drawn)


def frontal(distance_m: float = 0.5) -> View:
    return View((650, 470), distance_m, 0, 0)


def turn_deg(gaze: Gaze) -> tuple[float, float]:
    """Return how far to the left of the face and up the eyes of `frontal` look."""
    right, down, forward = gaze.left
    return float(np.degrees(np.arctan2(right, -forward))), float(np.degrees(np.arcsin(-down)))


@settings(max_examples=60)
@given(view=views, turn=turns)
def test_exact_irises_give_the_exact_direction(view, turn):
    face = view.of(CAMERA, looking(*turn))
    towards_camera = -face.rotation.T @ face.position_m / np.linalg.norm(face.position_m)
    assume(in_head(*turn) @ towards_camera > 0.5)
    gaze = estimate_gaze(*posed(face), DrawnIrises.exact())
    true = face.rotation @ in_head(*turn)
    for eye in (gaze.left, gaze.right):
        assert np.linalg.norm(eye) == pytest.approx(1)
        assert np.degrees(np.arccos(min(1, eye @ true))) < 1.5


@given(view=views, turn=turns)
def test_it_turns_with_the_camera(view, turn):
    face, landmarks = posed(view.of(CAMERA, looking(*turn)))
    spin = np.linalg.qr(np.arange(9).reshape(3, 3) + 9 * np.eye(3))[0]
    spin *= np.linalg.det(spin)
    turned = replace(face, pose=face.pose.turned(spin), rays=face.rays @ spin.T)
    before, after = estimate_gaze(face, landmarks), estimate_gaze(turned, landmarks)
    np.testing.assert_allclose(after.left, spin @ before.left, atol=1e-9)
    assert after.sigma_rad == pytest.approx(before.sigma_rad)


@given(view=views, turn=turns)
def test_both_eyes_look_along_one_unit_vector(view, turn):
    gaze = gaze_of(view, *turn)
    np.testing.assert_array_equal(gaze.left, gaze.right)
    assert np.linalg.norm(gaze.left) == pytest.approx(1)


def test_it_follows_the_eyes_to_their_left_and_up():
    lefts = [turn_deg(gaze_of(frontal(), turn, 0))[0] for turn in (-20, -10, 0, 10, 20)]
    ups = [turn_deg(gaze_of(frontal(), 0, turn))[1] for turn in (-15, -7, 0, 7, 15)]
    assert np.all(np.diff(lefts) > 5)
    assert np.all(np.diff(ups) > 5)
    assert lefts[0] == pytest.approx(-lefts[-1], abs=1)


def test_the_smaller_the_irises_the_nearer_to_the_head_and_the_less_certain():
    distances_m = (0.4, 0.8, 1.1, 1.5)
    gazes = [gaze_of(frontal(distance_m), 20, 0) for distance_m in distances_m]
    lefts = [turn_deg(gaze)[0] for gaze in gazes]
    assert np.all(np.diff(lefts) < 0)
    assert lefts[-1] > 0
    assert np.all(np.diff([gaze.sigma_rad for gaze in gazes]) > 0)


@pytest.mark.parametrize(('distance_m', 'known'), [(1.6, True), (1.9, False)])
def test_irises_below_6_px_say_nothing(distance_m, known):
    gaze = gaze_of(frontal(distance_m), 0, 0)
    assert np.isfinite(gaze.left).all() == np.isfinite(gaze.sigma_rad) == known


def test_a_closed_eye_says_nothing_and_the_other_goes_on():
    face, landmarks = posed(frontal().of(CAMERA, looking(5, 0)))
    landmarks[UPPER_LIDS[0]] = landmarks[LOWER_LIDS[0]]
    winking = estimate_gaze(face, landmarks)
    assert np.isnan(winking.right).all()
    assert np.isfinite(winking.left).all()
    assert winking.sigma_rad > gaze_of(frontal(), 5, 0).sigma_rad
    landmarks[UPPER_LIDS[1]] = landmarks[LOWER_LIDS[1]]
    assert np.isnan(estimate_gaze(face, landmarks).left).all()


@pytest.mark.parametrize(('towards_deg', 'seen'), [(0, 'right'), (180, 'left')])
def test_an_eye_behind_the_nose_says_nothing(towards_deg, seen):
    # Who turns to the image's right shows the right side.
    gaze = gaze_of(View((650, 470), 0.5, 60, towards_deg), 0, 0)
    known = {side for side in ('left', 'right') if np.isfinite(getattr(gaze, side)).all()}
    assert known == {seen}


def test_a_profile_and_a_mesh_without_irises_say_nothing():
    profile = gaze_of(View((650, 470), 0.5, 95, 0), 0, 0)
    face, landmarks = posed(frontal().of(CAMERA, looking(0, 0)))
    without = estimate_gaze(replace(face, rays=face.rays[:468]), landmarks[:468])
    for gaze in (profile, without):
        assert np.isnan(gaze.left).all()
        assert np.isnan(gaze.right).all()
        assert np.isnan(gaze.sigma_rad)


def test_an_error_of_the_eyes_place_that_the_corners_share_does_no_harm():
    face, landmarks = posed(frontal().of(CAMERA, looking(0, 0)))
    moved = face.rays.copy()
    moved[EYES] += [0.003, -0.002, 0]  # as if the eyes were 1.5 mm aside
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    before, after = (
        estimate_gaze(replace(face, rays=rays), landmarks) for rays in (face.rays, moved)
    )
    assert np.degrees(np.arccos(before.left @ after.left)) < 1


SECOND_NS = 10**9


# The irises of the mean person, as they are drawn.
DRAWN_AT_REST_M = np.array([FACE_MESH.rest_m[0], 0, FACE_MESH.rest_m[1]])


def watched(turns_deg: list[tuple[float, float]], aside_m: np.ndarray, every_s: float = 2.0):
    """Return the last gaze of somebody whose irises rest aside, the looks before it learnt."""
    resting = RestingEyes(FACE_MESH)
    for index, turn in enumerate(turns_deg):
        shape_m = looking(*turn)
        shape_m[468:] += DRAWN_AT_REST_M + aside_m
        face, landmarks = posed(frontal().of(CAMERA, shape_m))
        stamp_ns = round(index * every_s * SECOND_NS)
        gaze = estimate_gaze(face, landmarks, FACE_MESH, resting, stamp_ns)
    return gaze


def test_where_the_eyes_of_a_person_rest_is_learnt_from_where_they_look():
    aside_m = np.array([0, 0, 0.0004])
    looks = [(10, 8), (-10, 0), (0, -8), (6, 4), (-6, -4)] * 6 + [(0, 0)]
    alone = turn_deg(watched([(0, 0)], aside_m))[1]
    known = watched(looks, aside_m)
    assert alone > 2
    assert abs(turn_deg(known)[1]) < 0.6 * alone
    assert known.sigma_rad < watched([(0, 0)], aside_m).sigma_rad


def test_who_looks_aside_for_minutes_still_looks_aside():
    aside = watched([(20, 0)] * 60, np.zeros(3))
    assert turn_deg(aside)[0] > 0.75 * turn_deg(gaze_of(frontal(), 20, 0))[0]


def test_many_images_of_one_look_are_one_look():
    slow = watched([(20, 8)] * 11, np.zeros(3), every_s=2.0)
    fast = watched([(20, 8)] * 101, np.zeros(3), every_s=0.2)
    assert np.degrees(np.arccos(min(1, slow.left @ fast.left))) < 0.5


def test_a_blink_says_nothing_and_lids_that_stay_narrow_are_usual():
    face, landmarks = posed(frontal().of(CAMERA, looking(5, 0)))
    narrow = landmarks.copy()
    narrow[UPPER_LIDS] = 0.4 * landmarks[UPPER_LIDS] + 0.6 * landmarks[LOWER_LIDS]
    assert np.isfinite(estimate_gaze(face, narrow).left).all()
    resting = RestingEyes(FACE_MESH)

    def left_at(points: np.ndarray, time_s: float) -> np.ndarray:
        stamp_ns = round(time_s * SECOND_NS)
        return estimate_gaze(face, points, FACE_MESH, resting, stamp_ns).left

    assert np.isfinite(left_at(landmarks, 0)).all()
    assert np.isnan(left_at(narrow, 0.1)).all()
    assert np.isfinite(left_at(landmarks, 0.3)).all()
    squinting = [left_at(narrow, 0.3 + 0.1 * image) for image in range(1, 200)]
    assert np.isfinite(squinting[-1]).all()
