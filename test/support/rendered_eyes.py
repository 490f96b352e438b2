"""Pictures of a head whose eyes look in known directions, from ICT-FaceKit's shapes.

Skin: triangles far to near, shaded. Eyes: `rendered_eyeballs`, where they show between the lids.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rendered_eyeballs import HUMAN_EYEBALL, Eyeball, EyeColours, PlacedEye

from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.types import Float64, UInt8

FACE_AXES = [2, 0, 1]  # x out of the face, y to the subject's left, z up, of the model's axes
SKIN, EYEBALL = 11248, 1570  # vertices: of face and head, of each eyeball (left, right)
SUPERSAMPLING = 2
INSIDE_BGR = (70.0, 70.0, 120.0)  # seen between lid and eyeball
# Shares of the skin's own colour.
PAINT_BGR = {
    'lips': (0.75, 0.6, 0.8),
    'brows': (0.3, 0.3, 0.3),
    'lashes': (0.3, 0.25, 0.25),
    'hair': (0.2, 0.2, 0.2),
}
# Eye rotations at which the lids follow by the model's whole eyeLook shapes.
LOOK_UP_RAD, LOOK_DOWN_RAD, LOOK_ASIDE_RAD = math.radians(20), math.radians(40), math.radians(30)


@dataclass(frozen=True)
class Scene:
    """What is rendered.

    Attributes:
        rotation: (3, 3) optical axes from face axes.
        position_m: (3,) of the point between the eyes.
        eye_angles_rad: (2,) how far both eyes are turned in the head: to its left, and up.
        eyeball: Proportions of the eyes.
        identity: (K,) standard normal coefficients of the head's shape.
        seed: Of colours, light and noise.
        blink: How far the lids are closed, 0 to 1; the neutral face stares at 0.
        lids_follow: How much of the way they follow the eyes.
    """

    rotation: Float64
    position_m: Float64
    eye_angles_rad: tuple[float, float] = (0.0, 0.0)
    eyeball: Eyeball = HUMAN_EYEBALL
    identity: tuple[float, ...] = ()
    seed: int = 0
    blink: float = 0.2
    lids_follow: float = 1.0

    @property
    def gaze(self) -> Float64:
        """Unit vector in the optical frame, of both eyes."""
        left, up = self.eye_angles_rad
        in_head = [math.cos(up) * math.cos(left), math.cos(up) * math.sin(left), math.sin(up)]
        direction: Float64 = self.rotation @ np.array(in_head)
        return direction


class HeadModel:
    """ICT-FaceKit's head: shapes and expressions, in face axes and metres."""

    def __init__(self, file: Path) -> None:
        with np.load(file) as data:
            self.neutral_m = data['neutral'][:, FACE_AXES].astype(float) * 0.01
            self._identity = data['identity'][:, :, FACE_AXES]
            self._expressions = dict(
                zip(data['expression_names'].tolist(), data['expression'], strict=True)
            )
            self.triangles = data['triangles']
        self.origin_m = self.neutral_m[SKIN:].mean(axis=0) + np.array([0.01, 0, 0])

    def expression_m(self, name: str) -> Float64:
        """Return how an expression moves the vertices, (V, 3) m."""
        return self._expressions[name][:, FACE_AXES].astype(float) * 0.01

    def vertices_m(self, scene: Scene) -> Float64:
        """Return the vertices of a head, its lids following its eyes, (V, 3) m, face axes."""
        vertices = self.neutral_m - self.origin_m
        for coefficient, mode in zip(scene.identity, self._identity, strict=False):
            vertices += coefficient * mode.astype(float) * 0.01
        for name, weight in _lid_weights(scene).items():
            if weight > 0:
                vertices += min(weight, 1.0) * self.expression_m(name)
        return vertices

    def eyeball_centres_m(self, scene: Scene) -> Float64:
        """Return the centres of rotation of the right and the left eye, (2, 3) m, face axes."""
        balls = self.vertices_m(scene)[SKIN:].reshape(2, EYEBALL, 3)
        apexes = balls.max(axis=1)[:, 0]
        centres = (balls.max(axis=1) + balls.min(axis=1)) / 2
        centres[:, 0] = apexes - scene.eyeball.centre_behind_apex_m
        return centres[::-1].copy()

    @cached_property
    def paint(self) -> dict[str, NDArray[np.bool_]]:
        """Vertices of brows, lips, lashes and hair."""
        at = self.neutral_m - self.origin_m
        lips = np.linalg.norm(self.expression_m('mouthRollLower'), axis=1)
        lips = np.maximum(lips, np.linalg.norm(self.expression_m('mouthRollUpper'), axis=1))
        lids = self.expression_m('eyeBlink_L') + self.expression_m('eyeBlink_R')
        side, height = np.abs(at[:, 1]), at[:, 2]
        arch = 0.020 + 0.004 * np.sin((side - 0.012) / 0.045 * math.pi)
        brows = (np.abs(height - arch) < 0.004) & (side > 0.012) & (side < 0.055)
        front = at[:, 0] > -0.05
        return {
            'brows': brows & front,
            'lips': (lips > 0.5 * lips.max()) & (side < 0.028) & front,
            'lashes': lids[:, 2] < -0.0085,
            'hair': (height > 0.075) | (at[:, 0] < -0.09) & (height > -0.03),
        }


def _lid_weights(scene: Scene) -> dict[str, float]:
    """Return how much of each expression the lids show; those below 0 are not shown."""
    left_rad, up_rad = (scene.lids_follow * angle for angle in scene.eye_angles_rad)
    up, down, left = up_rad / LOOK_UP_RAD, -up_rad / LOOK_DOWN_RAD, left_rad / LOOK_ASIDE_RAD
    weights = {'eyeLookOut_L': left, 'eyeLookIn_R': left}
    weights |= {'eyeLookIn_L': -left, 'eyeLookOut_R': -left}
    for side in 'LR':
        weights |= {f'eyeLookUp_{side}': up, f'eyeLookDown_{side}': down}
        weights[f'eyeBlink_{side}'] = scene.blink
    return weights


def render(head: HeadModel, scene: Scene, camera: Intrinsics, image_wh: tuple[int, int]) -> UInt8:
    """Render a scene, (H, W, 3) BGR."""
    chance = np.random.default_rng(scene.seed)
    fine = camera.scaled((SUPERSAMPLING, SUPERSAMPLING))
    wh = (image_wh[0] * SUPERSAMPLING, image_wh[1] * SUPERSAMPLING)
    vertices = head.vertices_m(scene) @ scene.rotation.T + scene.position_m
    canvas = np.full((wh[1], wh[0], 3), chance.uniform(60, 190, 3), np.uint8)
    eyes = np.zeros((wh[1], wh[0]), np.uint8)
    light = np.array([chance.uniform(-0.6, 0.6), chance.uniform(-0.8, -0.2), -1.0])
    light /= np.linalg.norm(light)
    colours = _skin(head, vertices, light, chance)
    _draw(head.triangles, vertices, colours, canvas, eyes, fine)
    centres = head.eyeball_centres_m(scene) @ scene.rotation.T + scene.position_m
    eye_colours = EyeColours.random(scene.seed, chance, light)
    for label, centre in zip((2, 1), centres, strict=True):
        eye = PlacedEye(scene.eyeball, centre, scene.gaze, eye_colours)
        eye.paint(canvas, eyes == label, fine)
    blurred = cv2.GaussianBlur(canvas, (0, 0), 1.2)
    image = cv2.resize(blurred, image_wh, interpolation=cv2.INTER_AREA)
    noisy = image + chance.normal(0, 2.5, image.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _skin(
    head: HeadModel, vertices: Float64, light: Float64, chance: np.random.Generator
) -> Float64:
    """Return the shaded colour of each triangle, (T, 3) BGR."""
    corners = vertices[head.triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, head.triangles[:, corner], faces)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    skin = chance.uniform(0.6, 1.1) * np.array([150.0, 175.0, 225.0])
    colours = np.tile(skin, (len(normals), 1))
    for part, colour in PAINT_BGR.items():
        colours[head.paint[part]] *= colour
    colours *= (0.45 + 0.6 * np.clip(normals @ light, 0, 1))[:, None]
    shaded: Float64 = colours[head.triangles].mean(axis=1)
    return shaded


def _draw(
    triangles: NDArray[np.int32],
    vertices: Float64,
    colours: Float64,
    canvas: UInt8,
    eyes: UInt8,
    camera: Intrinsics,
) -> None:
    """Draw the triangles far to near; `eyes` becomes 1 where the left eyeball shows, 2: right."""
    pixels = CalibratedCamera(camera).pixels_from_points(vertices)
    corners = np.round(pixels[triangles] * 16).astype(np.int32)
    sides = pixels[triangles][:, 1:] - pixels[triangles][:, :1]
    front = sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0] < 0
    labels = np.clip((triangles[:, 0] - SKIN) // EYEBALL + 1, 0, 2)
    at_eyes = _near(pixels[triangles], pixels[SKIN:])
    colours = np.where(front[:, None], colours, INSIDE_BGR)
    drawn = np.flatnonzero(front | at_eyes & (labels == 0))
    for index in drawn[np.argsort(-vertices[triangles[drawn], 2].mean(axis=1))].tolist():
        cv2.fillConvexPoly(canvas, corners[index], colours[index].tolist(), cv2.LINE_8, 4)
        if at_eyes[index]:
            cv2.fillConvexPoly(eyes, corners[index], int(labels[index]), cv2.LINE_8, 4)


def _near(triangles: Float64, eyeballs: Float64) -> NDArray[np.bool_]:
    """Return which of the triangles (T, 3, 2) may hide eyeballs, whose vertices are (V, 2)."""
    low, high = triangles.min(axis=1), triangles.max(axis=1)
    apart = (high < eyeballs.min(axis=0)) | (low > eyeballs.max(axis=0))
    near: NDArray[np.bool_] = ~apart.any(axis=1)
    return near
