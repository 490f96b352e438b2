"""Rendered heads of random people whose eyes look in known directions, and how they are seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from geometry_measurements.ideal_faces import facing
from geometry_measurements.systems import SeenFace, seen_in_pictures
from rendered_eyeballs import HUMAN_EYEBALL
from rendered_eyes import HeadModel, Scene, render

from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import Float64, Frame, PixelOrder, UInt8

FIRST_SEED = 40000
IMAGE_WH, CAMERA = (800, 600), Intrinsics(800, 800, 399.5, 299.5)
IRIS_M = 0.0117
IRISES_PX = (8, 12, 20)
HEAD_DEG, EYES_DEG = (30.0, 15.0, 10.0), (22.0, 14.0)
IDENTITY_MODES = 100
# People open their eyes more or less, and their lids follow a look more or less.
BLINK, LIDS_FOLLOW = (0.05, 0.35), (0.6, 1.1)


@dataclass(frozen=True)
class Look:
    """A rendered face.

    Attributes:
        iris_px: Nominal diameter of its irises.
        bgr: (H, W, 3).
        scene: What is rendered.
        eyeballs_m: (2, 3) their centres in the optical frame, right and left.
        face: As the pipeline sees it; None if it does not.
    """

    iris_px: int
    bgr: UInt8
    scene: Scene
    eyeballs_m: Float64
    face: SeenFace | None

    @property
    def gaze(self) -> Float64:
        """True direction (3,) of both eyes in the optical frame."""
        return self.scene.gaze


def rendered_looks(head: HeadModel, pipeline: FacePipeline, count: int) -> Iterator[Look]:
    """Yield rendered heads of as many people, the same at each call."""
    for index in range(count):
        seed, iris_px = FIRST_SEED + index, IRISES_PX[index % len(IRISES_PX)]
        yield rendered_look(head, pipeline, random_scene(seed, seed, iris_px), iris_px)


def rendered_look(head: HeadModel, pipeline: FacePipeline, scene: Scene, iris_px: int) -> Look:
    """Render a scene, and look at it."""
    bgr = render(head, scene, CAMERA, IMAGE_WH)
    (face,) = seen_in_pictures(pipeline, [Frame(bgr, PixelOrder.BGR, 0, CalibratedCamera(CAMERA))])
    eyeballs_m = head.eyeball_centres_m(scene) @ scene.rotation.T + scene.position_m
    return Look(iris_px, bgr, scene, eyeballs_m, face)


def random_scene(person: int, look: int, iris_px: int) -> Scene:
    """Return a person (by seed) who looks somewhere (by seed)."""
    random = np.random.default_rng(look)
    distance_m = CAMERA.fx * IRIS_M / iris_px
    across = random.uniform(-1, 1, 2) * [0.2, 0.15] * distance_m
    rotation = facing(*np.radians(random.uniform(-1, 1, 3) * HEAD_DEG))
    left, up = np.radians(random.uniform(-1, 1, 2) * EYES_DEG).tolist()
    own = random if person == look else np.random.default_rng(person)
    identity = tuple(own.normal(size=IDENTITY_MODES).tolist())
    blink, follow = own.uniform(*BLINK), own.uniform(*LIDS_FOLLOW)
    at, eyes = np.append(across, distance_m), (left, up)
    return Scene(rotation, at, eyes, HUMAN_EYEBALL, identity, person, blink, follow)
