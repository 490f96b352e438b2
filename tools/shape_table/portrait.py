"""Portraits of ICT-FaceKit's people: skin, brows, lips and eyes painted, each pixel's place known.

A landmark model needs no more than that to find its landmarks, which the heads alone do not have.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shape_table.face_kit import IRISES, FaceKit
from shape_table.surface import EdgePaths, Float64, Ints

IMAGE_WH = (720, 840)
SKIN, HAIR, BROW, LIP, LASH = (
    (196, 150, 125),
    (40, 30, 25),
    (50, 35, 28),
    (165, 75, 75),
    (45, 30, 28),
)
SCLERA, IRIS, LIMBUS, PUPIL = (225, 218, 212), (80, 60, 45), (50, 40, 35), (15, 12, 12)
BACKGROUND = 155.0
# Vertices of ICT-FaceKit's 68 landmarks along a brow, the lids and the lips' outline.
BROW_LINE = [268, 493, 1914, 2044, 1401]
UPPER_LID, LOWER_LID = [1507, 1542, 1537, 1528], [1507, 1511, 1518, 1528]
LIPS = [5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841]
HAIRLINE_CM, MIDDLE_CM = 10.6, np.array([0.0, 1, 7])


@dataclass(frozen=True)
class Portrait:
    """A picture of a head.

    Attributes:
        rgb: (H, W, 3) uint8.
        pixels: (P, 2) px that show the face.
        places: (P, 3) cm, what they show, on the neutral face.
        facing: (P,) cosine between the surface there and the line of sight.
    """

    rgb: NDArray[np.uint8]
    pixels: Float64
    places: Float64
    facing: Float64


class Painter:
    """Paints people with the colours of the neutral face."""

    def __init__(self, kit: FaceKit) -> None:
        self._kit = kit
        self._triangles = np.concatenate([kit.triangles, kit.rest])
        paths = EdgePaths(kit.neutral, kit.triangles)
        # The landmarks are a brow's upper edge.
        self._brow = _dense(kit.neutral[BROW_LINE] - [0, 0.25, 0])
        self._lids = np.concatenate([_dense(paths.line(lid)) for lid in (UPPER_LID, LOWER_LID)])

    def portrait(
        self, coefficients: Float64, rotation: Float64, distance_cm: float, light: Float64
    ) -> Portrait:
        """Return a person's portrait.

        Args:
            coefficients: (100,) of the identity.
            rotation: (3, 3) turns the head.
            distance_cm: Of the camera.
            light: (3,) where it comes from; x right, y up, z towards the camera.
        """
        kit, triangles = self._kit, self._triangles
        shape = kit.neutral + np.tensordot(coefficients, kit.identities, axes=1)
        points = (shape - MIDDLE_CM) @ rotation.T * [1, -1, -1] + [0, 0, distance_cm]
        focal = distance_cm * 28
        pixels = points[:, :2] / points[:, 2:] * focal + np.array(IMAGE_WH) / 2 - 0.5
        shown, weights = rasterise(pixels, points[:, 2], triangles)
        rows, columns = np.nonzero(shown >= 0)
        shown, weights = shown[rows, columns], weights[rows, columns][..., None]
        normals = _normals(points, triangles)
        normal = (normals[triangles[shown]] * weights).sum(axis=1)
        normal *= -np.sign(normal[:, 2:]) / np.linalg.norm(normal, axis=1, keepdims=True)
        places = (kit.neutral[triangles[shown]] * weights).sum(axis=1)
        on_face = shown < len(kit.triangles)
        colours = np.where(
            on_face[:, None], self._face_colours(places), self._rest_colours(places)
        )
        light = light / np.linalg.norm(light) * [1, -1, -1]
        shade = 0.55 + 0.5 * np.clip(normal @ light, 0, 1) + 0.12 * np.clip(-normal[:, 1], 0, 1)
        picture = np.full((*IMAGE_WH[::-1], 3), BACKGROUND)
        picture[rows, columns] = np.clip(colours * shade[:, None], 0, 255)
        rgb = cv2.GaussianBlur(picture, (0, 0), 0.8).astype(np.uint8)
        seen = np.stack([columns, rows], axis=1)[on_face].astype(float)
        return Portrait(rgb, seen, places[on_face], np.abs(normal[on_face, 2]))

    def _face_colours(self, places: Float64) -> Float64:
        right = places * np.where(places[:, :1] > 0, -1, 1) ** [1, 0, 0]
        colours = np.tile(np.array(SKIN, float), (len(places), 1))
        thickness = 0.3 * np.clip((right[:, 0] + 6.3) / 2.2, 0.35, 1)
        brow = 0.75 * np.clip((thickness - _distances(right, self._brow)) / 0.12 + 0.5, 0, 1)
        lash = 0.6 * np.clip((0.09 - _distances(right, self._lids)) / 0.06, 0, 1)
        outline = self._kit.neutral[LIPS, :2].astype(np.float32)
        inside = [cv2.pointPolygonTest(outline, (x, y), True) for x, y, _ in places.tolist()]
        lip = 0.6 * np.clip(np.array(inside) / 0.1 + 0.5, 0, 1) * (places[:, 2] > 9.5)
        hair = (places[:, 1] > HAIRLINE_CM).astype(float)
        for share, colour in ((brow, BROW), (lash, LASH), (lip, LIP), (hair, HAIR)):
            colours += share[:, None] * (np.array(colour) - colours)
        return colours

    def _rest_colours(self, places: Float64) -> Float64:
        hairy = (places[:, 1] > HAIRLINE_CM) | ((places[:, 1] > 5) & (places[:, 2] < 0))
        colours = np.where(hairy[:, None], np.array(HAIR, float), np.array(SKIN, float))
        for iris in IRISES:
            centre = self._kit.neutral[iris].mean(axis=0)
            ball = (np.abs(places[:, 0] - centre[0]) < 1.8) & (places[:, 2] > centre[2])
            ball &= np.abs(places[:, 1] - centre[1]) < 1.8
            radius = np.linalg.norm(places[:, :2] - centre[:2], axis=1)
            for colour, size in ((SCLERA, 9), (LIMBUS, 0.62), (IRIS, 0.55), (PUPIL, 0.22)):
                colours[ball & (radius < size)] = colour
        return colours


def rasterise(pixels: Float64, depths: Float64, triangles: Ints) -> tuple[Ints, Float64]:
    """Return the nearest triangle of each pixel, -1 for none, and barycentric coordinates there.

    Args:
        pixels: (V, 2) px of the vertices.
        depths: (V,) > 0, smaller is nearer.
        triangles: (T, 3) vertices.
    """
    width, height = IMAGE_WH
    shown = np.full((height, width), -1, np.int64)
    nearest, weights = np.full((height, width), np.inf), np.zeros((height, width, 3))
    corners = pixels[triangles]
    low = np.clip(np.floor(corners.min(axis=1)).astype(int), 0, None)
    high = np.minimum(np.ceil(corners.max(axis=1)).astype(int) + 1, IMAGE_WH)
    for index in np.flatnonzero((low < high).all(axis=1)):
        (left, top), (right, bottom) = low[index], high[index]
        homogeneous = np.concatenate([corners[index], np.ones((3, 1))], axis=1)
        if abs(np.linalg.det(homogeneous)) < 1e-9:
            continue
        x, y = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
        flat = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.linalg.inv(homogeneous)
        perspective = flat / depths[triangles[index]]
        depth = 1 / perspective.sum(axis=-1)
        window = np.s_[top:bottom, left:right]
        seen = (flat >= -1e-6).all(axis=-1) & (depth < nearest[window])
        nearest[window][seen], shown[window][seen] = depth[seen], index
        weights[window][seen] = (perspective * depth[..., None])[seen]
    return shown, weights


def _normals(points: Float64, triangles: Ints) -> Float64:
    """Return the mean normal of the triangles at each vertex, longer for larger ones."""
    a, b, c = points[triangles].transpose(1, 0, 2)
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], np.cross(b - a, c - a))
    return normals


def _dense(line: Float64) -> Float64:
    at = np.linspace(0, len(line) - 1, 100)
    return np.stack([np.interp(at, np.arange(len(line)), line[:, axis]) for axis in range(3)], 1)


def _distances(points: Float64, line: Float64) -> Float64:
    """Return the distance (P,) of points from the nearest point of a line."""
    squares = [((points - at) ** 2).sum(axis=1) for at in line]
    distances: Float64 = np.sqrt(np.min(squares, axis=0))
    return distances
