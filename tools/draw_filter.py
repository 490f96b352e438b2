"""Draw what the default filter does to noisy landmarks: the head's motion and the face's shape.

The landmarks are the canonical face's, moved, with noise from a random generator: so the truth is
known. The filter is the node's.

./run shell -c 'python tools/draw_filter.py'
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from svg_sheet import BLUE, GREY, INK, RED, Sheet

from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS, load_topology
from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.landmark_smoother import filter_from_settings

Array = NDArray[np.float64]
RATE_HZ, SECONDS, WARM_UP_S = 30, 4.0, 10.0
# 100 px between the outer corners of the eyes: a length in px is one in % of that.
EYE_DISTANCE_PX = 100.0
# Of one landmark, of its head, px.
NOISE_PX, HEAD_NOISE_PX = 0.15, 0.15
MOVES_AT_S, MOVES_FOR_S, MOVES_BY_PX = 1.2, 0.5, 4.0
BLINKS_AT_S, BLINK_S = 2.9, 0.2
LIDS = NAMED_POINTS['left_eyelid_upper'], NAMED_POINTS['left_eyelid_lower']
# Those between the corners of the left eye, above and below: a blink moves them with the lid.
UPPER_LID, LOWER_LID = (398, 384, 385, 386, 387, 388, 466), (382, 381, 380, 374, 373, 390, 249)
LEFT, RIGHT, PANEL = 52, 468, 210


@dataclass(frozen=True)
class Signal:
    """A length of each image, px: as it is, as measured, and filtered."""

    true: Array
    raw: Array
    filtered: Array


def canonical_px() -> Array:
    """Return the canonical face in px: x right, y down, z away from the camera."""
    # Its own axes are x to the subject's left, y up, z out of the face.
    face = load_topology(MESH_LANDMARKS).canonical_vertices_m * np.array([1.0, -1, -1])
    corners = face[[NAMED_POINTS['left_eye_outer'], NAMED_POINTS['right_eye_outer']]]
    scaled: Array = face * EYE_DISTANCE_PX / np.linalg.norm(corners[0] - corners[1])
    return scaled


def shift_px(time_s: Array) -> Array:
    """Return where the head is: at rest, on its way without a jerk, at rest."""
    part = np.clip((time_s - MOVES_AT_S) / MOVES_FOR_S, 0, 1)
    return MOVES_BY_PX * part**2 * (3 - 2 * part)


def openness(time_s: Array) -> Array:
    """Return how far the eye is open, 0 to 1."""
    return 1 - np.exp(-(((time_s - BLINKS_AT_S) / (BLINK_S / 2)) ** 4))


def closed(face: Array, open_share: float) -> Array:
    """Return a face whose left lids are open by a share."""
    result = face.copy()
    for upper, lower in zip(UPPER_LID, LOWER_LID, strict=True):
        result[upper] = face[lower] + open_share * (face[upper] - face[lower])
    return result


def streams(times_s: Array) -> tuple[Array, Array, Array]:
    """Return (T, 468, 3) px of true, measured and filtered landmarks."""
    generator = np.random.default_rng(4)
    face = canonical_px()
    true = np.stack([closed(face, share) for share in openness(times_s)])
    true[..., 0] += shift_px(times_s)[:, None]
    head = generator.normal(0, HEAD_NOISE_PX, (len(times_s), 1, 3))
    raw = true + generator.normal(0, NOISE_PX, true.shape) + head
    smooth, ids = filter_from_settings(FilterSettings()), np.array([1])
    filtered = [
        smooth.update(ids, image[None].astype(np.float32), round(time_s * 1e9))[0]
        for time_s, image in zip(times_s + WARM_UP_S, raw, strict=True)
    ]
    return true, raw, np.stack(filtered).astype(np.float64)


def head_and_shape() -> tuple[Array, Signal, Signal]:
    """Return the times, s, the nose's way to the right, and the opening of the left eye, px."""
    times_s = np.arange(-WARM_UP_S, SECONDS, 1 / RATE_HZ)
    nose = NAMED_POINTS['nose_tip']
    found = streams(times_s)
    kept = times_s >= 0
    ways = [each[kept, nose, 0] for each in found]
    gaps = [np.linalg.norm(each[kept, LIDS[0]] - each[kept, LIDS[1]], axis=1) for each in found]
    return times_s[kept], Signal(*ways), Signal(*gaps)


def draw_panel(sheet: Sheet, top: float, title: str, times_s: Array, signal: Signal) -> None:
    """Draw a signal over time."""
    values = np.concatenate([signal.true, signal.raw])
    low, high = values.min(), values.max()
    x = LEFT + (RIGHT - LEFT) * times_s / SECONDS
    sheet.text((16, top), title, bold=True)
    bottom, height = top + PANEL - 40, PANEL - 58

    def line(values: Array) -> list[tuple[float, float]]:
        y = bottom - height * (values - low) / (high - low)
        return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]

    sheet.line([(LEFT, bottom), (LEFT, bottom - height)], GREY, 1)
    sheet.line([(LEFT, bottom), (RIGHT, bottom)], GREY, 1)
    px = height / (high - low)
    sheet.line([(LEFT - 8, bottom), (LEFT - 8, bottom - px)], INK, 2)
    sheet.text((LEFT - 14, bottom - px / 2 + 5), '1 %', anchor='end', size=13)
    sheet.line(line(signal.true), GREY, 1.5, '5 4')
    for place in line(signal.raw):
        sheet.dot(place, 2, RED)
    sheet.line(line(signal.filtered), BLUE, 2.2)
    for second in range(int(SECONDS) + 1):
        tick = LEFT + (RIGHT - LEFT) * second / SECONDS
        sheet.text((tick, bottom + 18), f'{second} s', GREY, size=13, anchor='middle')


def main() -> None:
    """Write the drawing."""
    times_s, head, shape = head_and_shape()
    sheet = Sheet(2 * PANEL + 112)
    sheet.text((16, 26), 'What the filter does', bold=True, size=16)
    draw_panel(sheet, 56, 'The head: where the tip of the nose is', times_s, head)
    draw_panel(sheet, 56 + PANEL, 'The shape: how far the eye is open', times_s, shape)
    foot = 56 + 2 * PANEL + 6
    sheet.dot((26, foot - 4), 3, RED)
    sheet.text((36, foot), 'measured')
    sheet.line([(120, foot - 4), (146, foot - 4)], BLUE, 2.2)
    sheet.text((152, foot), 'filtered')
    sheet.line([(222, foot - 4), (248, foot - 4)], GREY, 1.5, '5 4')
    sheet.text((254, foot), 'true')
    sheet.text(
        (16, foot + 24), '% of the distance between the outer corners of the eyes', GREY, size=13
    )
    sheet.save('explanation_filter.svg')


if __name__ == '__main__':
    main()
