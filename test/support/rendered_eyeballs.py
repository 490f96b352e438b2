"""Eyeballs as a camera sees them between the lids: sclera, iris, pupil, shadow and glint.

Each pixel's ray meets a sphere that is cut off at the limbus by the disc of the iris; so gaze is
exact. The cornea only mirrors the light: what it refracts, and what lashes hide, is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.types import Float64, UInt8

LIMBUS_RADIUS_M, PUPIL_RADIUS_M = 0.00585, 0.0018
CORNEAL_APEX_M = 0.0163  # in front of the model's eyeball centres
CORNEAL_RADIUS_M = 0.0078
IRISES_BGR = np.array([[110, 90, 60], [40, 60, 90], [60, 95, 95], [25, 35, 55]])
# How the upper lid and its lashes darken the eye below them.
LID_SHADOW, LID_SHADOW_M = 0.45, 0.0015
GLINT, GLINT_SHARPNESS = 320.0, 150


@dataclass(frozen=True)
class Eyeball:
    """An eye's proportions.

    Attributes:
        centre_behind_apex_m: Centre of rotation behind the apex of the cornea.
        iris_distance_m: From the centre of rotation to the centre of the limbus.
    """

    centre_behind_apex_m: float
    iris_distance_m: float

    @property
    def radius_m(self) -> float:
        """Of the sphere through the limbus."""
        return math.hypot(self.iris_distance_m, LIMBUS_RADIUS_M)


# Centre of rotation: by convention 13.5 mm behind the cornea's apex; limbus 3 mm behind it.
HUMAN_EYEBALL = Eyeball(0.0135, 0.0105)
MODEL_EYEBALL = Eyeball(CORNEAL_APEX_M, 0.0132)  # ICT-FaceKit's own are larger than people's


@dataclass(frozen=True)
class EyeColours:
    """What both eyes of a person have in common.

    Attributes:
        iris_bgr: (3,).
        sclera_bgr: (3,).
        pupil_radius_m: Of the pupil.
        light: (3,) unit vector to the light, optical frame.
    """

    iris_bgr: Float64
    sclera_bgr: Float64
    pupil_radius_m: float
    light: Float64

    @classmethod
    def random(cls, seed: int, chance: np.random.Generator, light: Float64) -> EyeColours:
        """Return those of somebody."""
        return cls(
            chance.uniform(0.6, 1.1) * IRISES_BGR[seed % len(IRISES_BGR)],
            chance.uniform(0.8, 1.05) * np.array([200.0, 207.0, 220.0]),
            PUPIL_RADIUS_M,
            light,
        )


@dataclass(frozen=True)
class PlacedEye:
    """An eye before a camera.

    Attributes:
        ball: Its proportions.
        centre: (3,) of rotation in the optical frame, m.
        gaze: (3,) unit vector.
        colours: Of it.
    """

    ball: Eyeball
    centre: Float64
    gaze: Float64
    colours: EyeColours

    def paint(self, canvas: UInt8, mask: NDArray[np.bool_], camera: Intrinsics) -> None:
        """Paint the eye where the mask is set."""
        rows, columns = np.nonzero(mask)
        if not len(rows):
            return
        pixels = np.stack([columns, rows], axis=1).astype(float)
        rays = CalibratedCamera(camera).rays_from_pixels(pixels)
        shades = self._surface(rays) + self._glint(rays)[:, None]
        metres_per_px = float(np.linalg.norm(self.centre)) / camera.fy
        first = np.argmax(mask, axis=0)
        below_m = (rows - first[columns]) * metres_per_px
        shades *= (1 - LID_SHADOW * np.exp(-below_m / LID_SHADOW_M))[:, None]
        canvas[rows, columns] = np.clip(shades, 0, 255)

    def _surface(self, rays: Float64) -> Float64:
        """Return the colours (N, 3) of sclera, iris and pupil."""
        along = rays @ self.centre
        misses = np.maximum(self.centre @ self.centre - along**2, 0)
        depth = np.sqrt(np.maximum(self.ball.radius_m**2 - misses, 0))
        facing = np.clip(depth / self.ball.radius_m, 0.25, 1)
        shades = self.colours.sclera_bgr * (0.45 + 0.5 * facing)[:, None]
        disc = self.centre + self.ball.iris_distance_m * self.gaze
        hits = rays * ((disc @ self.gaze) / (rays @ self.gaze))[:, None] - disc
        radii = np.linalg.norm(hits, axis=1)
        inside = (rays @ self.gaze < 0) & (radii < LIMBUS_RADIUS_M)
        stripes = 1 + 0.15 * np.sin(40 * np.arctan2(hits[:, 0], hits[:, 1]))
        limbus = np.where(radii > 0.85 * LIMBUS_RADIUS_M, 0.6, 1.0)
        iris = self.colours.iris_bgr * (stripes * limbus)[:, None]
        shades = np.where(inside[:, None], iris, shades)
        pupil = inside & (radii < self.colours.pupil_radius_m)
        return np.where(pupil[:, None], 12.0, shades)

    def _glint(self, rays: Float64) -> Float64:
        """Return what the cornea mirrors of the light, (N,)."""
        cornea = self.centre + (self.ball.centre_behind_apex_m - CORNEAL_RADIUS_M) * self.gaze
        along = rays @ cornea
        inside = CORNEAL_RADIUS_M**2 - (cornea @ cornea - along**2)
        hits = rays * (along - np.sqrt(np.maximum(inside, 0)))[:, None]
        normals = (hits - cornea) / CORNEAL_RADIUS_M
        half = self.colours.light - rays
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        mirrored = np.clip((normals * half).sum(axis=1), 0, 1)
        shining: Float64 = GLINT * np.where(inside > 0, mirrored, 0) ** GLINT_SHARPNESS
        return shining
