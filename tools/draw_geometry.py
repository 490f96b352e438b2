"""Draw the frames of docs/geometry.md from the canonical face: docs/geometry_frames.svg.

./run shell -c 'python tools/draw_geometry.py'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import (
    MESH_LANDMARKS,
    SELLION,
    UPPER_LIP,
    canonical_face_m,
    load_topology,
)
from facemesh_ros.geometry.gaze_frame import gaze_rotations
from facemesh_ros.geometry.named_points import NAMED_POINTS

OUTPUT = Path(__file__).resolve().parents[1] / 'docs' / 'geometry_frames.svg'
Array = NDArray[np.float64]
# As narrow as a phone shows without making letters small.
SIZE_WH = (480, 540)
AXES = (('x', '#d33'), ('y', '#2a2'), ('z', '#36c'))
LOWER_LIP = NAMED_POINTS['lower_lip_inner']
MESH, CONTOUR, LINE = '#ccd', '#667', '#999'
# A face that looks into a camera along +z: optical axes of the face's x, y and z.
TOWARDS_CAMERA = np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]])


def turn(axis: int, degrees: float) -> Array:
    """Return a rotation about an axis of the frame."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    rotation = np.eye(3)
    rotation[[i, j], [i, j]] = cosine
    rotation[i, j], rotation[j, i] = -sine, sine
    return rotation


class Panel:
    """An orthographic view of points in m, in a part of the drawing."""

    def __init__(self, view: Array, centre_m: Array, middle_px: Array, px_per_m: float) -> None:
        self._view, self._centre_m = view, centre_m
        self._middle_px, self._px_per_m = middle_px, px_per_m

    def at(self, points_m: Array) -> Array:
        """Return where (..., 3) points are drawn, (..., 2) px."""
        seen: Array = (points_m - self._centre_m) @ self._view.T
        return self._middle_px + self._px_per_m * seen[..., :2]

    def line(self, points_m: Array, colour: str, width: float = 1, dash: str = '') -> str:
        """Return a line through (N, 3) points."""
        path = ' '.join(f'{x:.2f},{y:.2f}' for x, y in self.at(points_m))
        dashed = f' stroke-dasharray="{dash}"' if dash else ''
        return f'<polyline points="{path}" stroke="{colour}" stroke-width="{width}"{dashed}/>'

    def text(self, point_m: Array, words: str, shift: tuple[float, float] = (0, 0)) -> str:
        """Return a word beside a point."""
        x, y = self.at(point_m) + shift
        return f'<text x="{x:.2f}" y="{y:.2f}">{words}</text>'

    def axes(self, origin_m: Array, rotation: Array, length_m: float) -> Iterator[str]:
        """Yield the axes of a frame."""
        for column, (axis, colour) in enumerate(AXES):
            end = origin_m + length_m * rotation[:, column]
            yield self.line(np.stack([origin_m, end]), colour, 2)
            yield self.text(end + 0.12 * (end - origin_m), axis, (-3, 4))

    def face(self, points_m: Array) -> Iterator[str]:
        """Yield the mesh's edges, its contours stronger."""
        topology = load_topology(MESH_LANDMARKS)
        for edges, colour in ((topology.edges, MESH), (topology.contours, CONTOUR)):
            ends = self.at(points_m[edges.astype(int)])
            path = ''.join(f'M{a:.2f} {b:.2f}L{c:.2f} {d:.2f}' for (a, b), (c, d) in ends)
            yield f'<path d="{path}" stroke="{colour}" stroke-width=".6"/>'


def scene() -> Iterator[str]:
    """Yield the first panel: a camera, a head before it, and the ray of its sellion."""
    rotation = turn(1, 35) @ TOWARDS_CAMERA
    position_m = np.array([0.06, -0.02, 0.5])
    middle = np.array([225.0, 155])
    panel = Panel(turn(0, 25) @ turn(1, 62), np.array([0.03, 0, 0.24]), middle, 700)
    yield from panel.face(canonical_face_m() @ rotation.T + position_m)
    corners = 0.09 * np.array([[-0.6, -0.4, 1], [0.6, -0.4, 1], [0.6, 0.4, 1], [-0.6, 0.4, 1]])
    yield panel.line(np.vstack([corners, corners[:1]]), LINE)
    for corner in corners:
        yield panel.line(np.stack([np.zeros(3), corner]), LINE)
    yield panel.line(np.stack([np.zeros(3), position_m]), LINE, 1, '4 3')
    yield from panel.axes(np.zeros(3), np.eye(3), 0.12)
    yield from panel.axes(position_m, rotation, 0.1)
    yield panel.text(np.zeros(3), 'optical frame of the camera', (-45, 110))
    yield panel.text(position_m, 'face_&lt;id&gt;', (-30, 105))
    yield panel.text(position_m / 2, 'ray of the sellion', (-35, 22))


def head(middle_px: Array, frames: Iterable[tuple[str, Array, Array, float]]) -> Iterator[str]:
    """Yield a panel: frames on the face, as name, origin in face axes, axes, length in m."""
    # Seen from in front, from its left and a little above.
    view = turn(0, -12) @ turn(1, 35) @ TOWARDS_CAMERA
    panel = Panel(view, np.array([0, 0, -0.03]), middle_px, 1000)
    yield from panel.face(canonical_face_m())
    for name, origin_m, axes, length_m in frames:
        yield from panel.axes(origin_m, axes, length_m)
        yield panel.text(origin_m, name, (14, 22))


def heads() -> Iterator[str]:
    """Yield the other panels: frames of face and mouth, and of the gaze."""
    face_m = canonical_face_m()
    mouth_m = face_m[[UPPER_LIP, LOWER_LIP]].mean(axis=0)
    own = [
        ('face_&lt;id&gt;', face_m[SELLION], np.eye(3), 0.06),
        ('mouth_&lt;id&gt;', mouth_m, np.eye(3), 0.05),
    ]
    gaze = turn(2, -15) @ turn(1, -25) @ np.array([1.0, 0, 0])
    looking = gaze_rotations(gaze, np.eye(3))
    yield from head(np.array([120.0, 415]), own)
    yield from head(np.array([350.0, 415]), [('gaze_&lt;id&gt;', face_m[SELLION], looking, 0.075)])


def main() -> None:
    """Write the drawing."""
    width, height = SIZE_WH
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="640" '
        f'height="{640 * height // width}" viewBox="0 0 {width} {height}" fill="none" '
        'stroke-linecap="round">\n<style>text{font:13px sans-serif;fill:#222}</style>\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
    )
    OUTPUT.write_text('\n'.join([opening, *scene(), *heads(), '</svg>', '']))


if __name__ == '__main__':
    main()
