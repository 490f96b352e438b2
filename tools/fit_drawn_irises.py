"""Fit how a landmark model draws irises (`attributes/gaze.py`) on rendered heads.

    python tools/fit_drawn_irises.py --heads ict_head_eyes.npz

Heads of random people (ICT-FaceKit's identity modes) look in random directions, seen from random
sides, each several times. Where the model draws an iris against the eyeball is regressed on the
sine of the eye's turn and on that of the view; what is left is parted into that of the person and
that of the picture. Needs the models, this package and test/support on the path.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

from ideal_faces import FACING, rotation_about
from rendered_eyeballs import HUMAN_EYEBALL
from rendered_eyes import HeadModel, Scene, render

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.attributes.drawn_irises import FACE_MESH, DrawnIrises
from facemesh_ros.attributes.gaze import iris_displacements
from facemesh_ros.attributes.posed_face import PosedFace, pose_face
from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Float64, Frame, PixelOrder

IMAGE_WH, INTRINSICS = (800, 600), Intrinsics(800, 800, 399.5, 299.5)
IRIS_M, IRIS_PX = 0.0117, (11.0, 28.0)
VIEW_DEG, EYES_DEG = (40, 20, 12), (25, 17)
IDENTITY_MODES = 100
LOOKS = 6  # of one person
# How open they keep their eyes, and how much their lids follow a look.
BLINK, LIDS_FOLLOW = (0.05, 0.35), (0.6, 1.1)


def main() -> None:
    """Print the fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--heads', type=Path, required=True)
    parser.add_argument('--count', type=int, default=300)
    chosen = parser.parse_args()
    exact = replace(DrawnIrises.exact(), rest_m=(FACE_MESH.rest_m[0], 0.0))
    rows = np.array(list(_rows(HeadModel(chosen.heads), chosen.count, exact)))
    for axis, name in enumerate(('left', 'up')):
        turns, seen, views = rows[:, axis].T
        unknowns = np.stack([turns, views, np.ones(len(turns))], axis=1)
        fit = np.linalg.lstsq(unknowns, seen, rcond=None)[0]
        left = seen - unknowns @ fit
        own = [left[rows[:, 2, 0] == person] for person in np.unique(rows[:, 2, 0])]
        noise = np.sqrt(np.mean([each.var(ddof=1) for each in own if len(each) > 1]))
        person = np.sqrt(max(left.var() - noise**2, 0))
        travel, view, rest = fit * 1000
        print(
            f'{name:4}: travel {travel:.2f} mm, view {view:+.2f} mm, rest {rest:+.2f} mm, noise '
            f'{1000 * noise:.2f} mm, person {1000 * person:.2f} mm ({len(rows)} faces)'
        )


def random_scene(seed: int) -> Scene:
    """Return a person who looks somewhere."""
    chance = np.random.default_rng(seed)
    yaw, pitch, roll = chance.uniform(-1, 1, 3) * VIEW_DEG
    turn = rotation_about([0, 0, 1], roll) @ rotation_about([0, 1, 0], yaw)
    rotation = turn @ rotation_about([1, 0, 0], pitch) @ FACING
    distance_m = INTRINSICS.fx * IRIS_M / chance.uniform(*IRIS_PX)
    position_m = np.append(chance.uniform(-1, 1, 2) * [0.15, 0.1], 1) * distance_m
    left, up = np.radians(chance.uniform(-1, 1, 2) * EYES_DEG).tolist()
    person = seed // LOOKS
    own = np.random.default_rng(person)
    identity = tuple(own.normal(size=IDENTITY_MODES).tolist())
    blink, follow = own.uniform(*BLINK), own.uniform(*LIDS_FOLLOW)
    eyes = (left, up)
    return Scene(rotation, position_m, eyes, HUMAN_EYEBALL, identity, person, blink, follow)


def _rows(heads: HeadModel, count: int, exact: DrawnIrises) -> Iterator[Float64]:
    """Yield (3, 3): turn, displacement, view, to the left and up, and the person, of each face."""
    camera = CalibratedCamera(INTRINSICS)
    pipeline = load_sensor(SensorSettings(max_faces=1)).stream()
    for seed in range(count):
        scene = random_scene(seed)
        image = render(heads, scene, INTRINSICS, IMAGE_WH)
        faces = pipeline.process_static_image(Frame(image, PixelOrder.BGR, 0, camera))
        if len(faces):
            yield _row(scene, pose_face(faces.landmarks[0], camera), exact)


def _row(scene: Scene, posed: PosedFace, exact: DrawnIrises) -> Float64:
    towards, displacements_m = iris_displacements(posed, exact)
    turns = posed.pose.rotation.T @ scene.gaze
    views = -towards.mean(axis=0)
    seen = np.stack([turns[1:], displacements_m.mean(axis=0), views[1:]], axis=1)
    return np.concatenate([seen, np.full((1, 3), float(scene.seed))])


if __name__ == '__main__':
    main()
