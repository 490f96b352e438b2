"""A drawing as SVG text, for the pictures of docs/ that explain something.

Ink on white, so that a page in dark mode shows it too, and 480 px wide with letters of 13 px and
more, so that a phone does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from pathlib import Path

import facemesh_ros

DOCS = Path(__file__).resolve().parents[1] / 'docs'
# What is drawn is what is imported, and lies beside it.
CHECKOUT = Path(facemesh_ros.__file__).resolve().parents[1]
WIDTH = 480
INK, GREY, PALE = '#222', '#777', '#e4e7ec'
BLUE, RED, GREEN, ORANGE = '#2b62c4', '#c8402f', '#2a8a3e', '#c77700'
ARROW_HEAD_PX = 7

Point = tuple[float, float]


class Sheet:
    """Shapes on a white sheet; positions are px from its top left corner."""

    def __init__(self, height: float) -> None:
        self._height = height
        self._shapes: list[str] = []

    def line(
        self, points: Iterable[Point], colour: str = INK, width: float = 1.5, dash: str = ''
    ) -> None:
        """Draw a line through points."""
        path = ' '.join(f'{x:.2f},{y:.2f}' for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ''
        self._shapes.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"'
            f'{dashed}/>'
        )

    def arrow(self, points: list[Point], colour: str = INK, width: float = 1.5) -> None:
        """Draw a line through points with a head at its end."""
        (x0, y0), (x, y) = points[-2:]
        angle = math.atan2(y - y0, x - x0)
        wings = [
            (
                x - ARROW_HEAD_PX * math.cos(angle + turn),
                y - ARROW_HEAD_PX * math.sin(angle + turn),
            )
            for turn in (-0.45, 0.45)
        ]
        self.line(points, colour, width)
        self.line([wings[0], (x, y), wings[1]], colour, width)

    def box(
        self,
        corner: Point,
        size: Point,
        fill: str = 'none',
        stroke: str = 'none',
        radius: float = 4,
    ) -> None:
        """Draw a rectangle with round corners."""
        self._shapes.append(
            f'<rect x="{corner[0]:.2f}" y="{corner[1]:.2f}" width="{size[0]:.2f}" '
            f'height="{size[1]:.2f}" rx="{radius}" fill="{fill}" stroke="{stroke}"/>'
        )

    def dot(self, centre: Point, radius: float, fill: str = INK, stroke: str = 'none') -> None:
        """Draw a disc."""
        self._shapes.append(
            f'<circle cx="{centre[0]:.2f}" cy="{centre[1]:.2f}" r="{radius}" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="1.5"/>'
        )

    def text(
        self,
        place: Point,
        words: str,
        colour: str = INK,
        *,
        size: float = 14,
        anchor: str = 'start',
        bold: bool = False,
    ) -> None:
        """Write words; `anchor` is start, middle or end, at the foot of the letters."""
        weight = ' font-weight="600"' if bold else ''
        self._shapes.append(
            f'<text x="{place[0]:.2f}" y="{place[1]:.2f}" fill="{colour}" font-size="{size}" '
            f'text-anchor="{anchor}"{weight}>{escape(words)}</text>'
        )

    def save(self, name: str) -> None:
        """Write the drawing into docs/."""
        opening = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="640" '
            f'height="{640 * self._height / WIDTH:.0f}" viewBox="0 0 {WIDTH} {self._height:g}" '
            'font-family="sans-serif" stroke-linecap="round" stroke-linejoin="round">\n'
            f'<rect width="{WIDTH}" height="{self._height:g}" fill="#fff"/>'
        )
        (DOCS / name).write_text('\n'.join([opening, *self._shapes, '</svg>', '']))
