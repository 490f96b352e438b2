"""Draw what tells how far a face is, with the standard deviations of docs/metric_sources.md.

./run shell -c 'python tools/draw_distance.py'
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from svg_sheet import BLUE, GREEN, GREY, ORANGE, PALE, RED, Point, Sheet

CAMERA: Point = (34, 130)
NEAR_PX, FAR_PX, NEAR_RADIUS_PX = 190.0, 300.0, 30.0
ROWS_TOP, ROW, AXIS_X, PX_PER_CM = 308, 66, 240, 17.0


@dataclass(frozen=True)
class Source:
    """What measures the size of a face.

    Attributes:
        title: Its name.
        why: What it knows.
        sigma: Relative standard deviation of the distance.
        colour: Of its curve.
    """

    title: str
    why: str
    sigma: float
    colour: str


SOURCES = (
    Source('an average face', 'adults differ in size', 0.057, RED),
    Source('and the irises', 'about 11.7 mm in all adults', 0.038, ORANGE),
    Source('a depth image', 'measured, on the skin', 0.007, GREEN),
)


def draw_head(sheet: Sheet, x: float, radius: float, colour: str) -> None:
    """Draw a head from above that looks to the left."""
    y = CAMERA[1]
    sheet.dot((x, y), radius, '#fff', colour)
    nose = 0.28 * radius
    sheet.line([(x - radius, y - nose), (x - 1.3 * radius, y), (x - radius, y + nose)], colour)
    for side in (-1, 1):
        angle = side * math.radians(24)
        eye = x - 0.97 * radius * math.cos(angle), y + radius * math.sin(angle) * 1.15
        sheet.dot(eye, 0.1 * radius, colour)


def draw_camera(sheet: Sheet) -> None:
    """Draw the camera, its optical axis and the rays of both heads' outline."""
    x, y = CAMERA
    sheet.box((x - 22, y - 14), (22, 28), GREY)
    slope = NEAR_RADIUS_PX / math.sqrt(NEAR_PX**2 - NEAR_RADIUS_PX**2)
    for side in (-1, 1):
        sheet.line([CAMERA, (x + 420, y + side * 420 * slope)], BLUE, 1.5, '6 5')
    sheet.text((12, y + 34), 'camera', GREY, size=13)


def draw_curve(sheet: Sheet, row: int, source: Source) -> None:
    """Draw how sure the distance of a face at 1 m is."""
    foot = ROWS_TOP + ROW * row + 44
    sheet.text((16, foot - 18), source.title, bold=True)
    sheet.text((16, foot), source.why, GREY, size=13)
    sigma_cm = 100 * source.sigma
    steps = [step / 40 for step in range(-120, 121)]
    curve = [
        (AXIS_X + 110 + PX_PER_CM * sigma_cm * step, foot - 34 * math.exp(-(step**2) / 2))
        for step in steps
        if abs(sigma_cm * step) <= 6.4
    ]
    sheet.line([(AXIS_X, foot), (AXIS_X + 220, foot)], PALE, 2)
    sheet.line(curve, source.colour, 2)
    sheet.text((AXIS_X + 220, foot - 36), f'± {10 * sigma_cm:.0f} mm', source.colour, anchor='end')


def main() -> None:
    """Write the drawing."""
    sheet = Sheet(ROWS_TOP + ROW * len(SOURCES) + 50)
    sheet.text((16, 26), 'How far is a face?', bold=True, size=16)
    sheet.text((16, 48), 'Small and near, or large and far: one camera sees the same.', GREY)
    draw_camera(sheet)
    draw_head(sheet, CAMERA[0] + NEAR_PX, NEAR_RADIUS_PX, GREY)
    draw_head(sheet, CAMERA[0] + FAR_PX, NEAR_RADIUS_PX * FAR_PX / NEAR_PX, BLUE)
    sheet.text((CAMERA[0] + NEAR_PX, 222), 'a child', GREY, anchor='middle')
    sheet.text((CAMERA[0] + FAR_PX, 222), 'an adult', BLUE, anchor='middle')
    sheet.text((16, 262), 'What tells them apart, and how well', bold=True, size=16)
    sheet.text((16, 284), 'One standard deviation of a face at 1 m', GREY)
    for row, source in enumerate(SOURCES):
        draw_curve(sheet, row, source)
    foot = ROWS_TOP + ROW * len(SOURCES) + 22
    for centimetres in (-5, 0, 5):
        x = AXIS_X + 110 + PX_PER_CM * centimetres
        sheet.text((x, foot), f'{100 + centimetres} cm', GREY, size=13, anchor='middle')
    sheet.save('explanation_distance.svg')


if __name__ == '__main__':
    main()
