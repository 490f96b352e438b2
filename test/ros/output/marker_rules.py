"""What RViz, tf2 and Foxglove refuse of markers, or warn of.

Restated from rviz_default_plugins (marker_common.cpp, markers/*.cpp) and Lichtblick, the open
successor of Foxglove Studio (TopicMarkers.ts, markers/*.ts).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from visualization_msgs.msg import Marker

from test.ros.output.rules import Rule, are_colours, is_rotation, numbers, tf2_takes

MIN_LIFETIME_NS = 100_000  # RViz takes less for forever
# By type of marker: which numbers of points it may have, which of its scales must not be zero.
POINT_COUNTS: dict[int, Callable[[int], bool]] = {
    Marker.ARROW: lambda count: count == 2,
    Marker.LINE_LIST: lambda count: count >= 2 and count % 2 == 0,
    Marker.TRIANGLE_LIST: lambda count: count >= 3 and count % 3 == 0,
    Marker.POINTS: lambda count: count >= 1,
    Marker.TEXT_VIEW_FACING: lambda count: count == 0,
}
SCALES = {
    Marker.ARROW: 'xy',
    Marker.LINE_LIST: 'x',
    Marker.TRIANGLE_LIST: 'xyz',
    Marker.POINTS: 'xy',
    Marker.TEXT_VIEW_FACING: 'z',
}


def added(array: Any) -> list[Any]:
    return [marker for marker in array.markers if marker.action == Marker.ADD]


def of_each(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda array: all(map(holds, added(array)))


def arrow_has_length(marker: Any) -> bool:
    if marker.type != Marker.ARROW or len(marker.points) != 2:
        return True
    start, end = (numbers(point) for point in marker.points)
    return bool(np.linalg.norm(end - start) > 0)


def lifetime_ns(marker: Any) -> int:
    return marker.lifetime.sec * 10**9 + marker.lifetime.nanosec


MARKER_RULES = (
    Rule(
        'each namespace and id once', 'RViz: Duplicate Marker Check',
        lambda array: len({(it.ns, it.id) for it in array.markers}) == len(array.markers),
    ),
    Rule(
        'a known action', 'RViz, Foxglove',
        lambda array: all(it.action in (0, 2, 3) for it in array.markers),
    ),
    Rule(
        'frames that tf2 takes', 'tf2',
        lambda array: all(tf2_takes(it.header) for it in array.markers),
    ),
    Rule('a known type', 'RViz, Foxglove', of_each(lambda it: it.type in POINT_COUNTS)),
    Rule(
        'finite numbers', 'RViz: Contains invalid floating point values',
        of_each(
            lambda it: bool(
                np.isfinite(numbers(it.pose, it.scale, it.color, *it.points, *it.colors)).all()
            )
        ),
    ),
    Rule(
        'a rotation of length 1', 'tf2, Foxglove',
        of_each(lambda it: is_rotation(it.pose.orientation)),
    ),
    Rule(
        'as many points as its type takes', 'RViz: not divisible by 3, odd number, one point; '
        'Foxglove: points is empty',
        of_each(lambda it: POINT_COUNTS.get(it.type, bool)(len(it.points))),
    ),
    Rule(
        'no scale of zero', 'RViz: Scale of 0',
        of_each(lambda it: all(getattr(it.scale, axis) > 0 for axis in SCALES.get(it.type, ''))),
    ),
    Rule(
        'no colours, or one for each point', 'RViz ignores others, Foxglove: colors.length',
        of_each(lambda it: len(it.colors) in (0, len(it.points))),
    ),
    Rule(
        'colours in [0, 1], not transparent', 'RViz: zero alpha value',
        of_each(
            lambda it: are_colours(it.color, *it.colors)
            and all(colour.a > 0 for colour in (it.color, *it.colors))
        ),
    ),
    Rule(
        'a text where it is one', 'RViz shows nothing',
        of_each(lambda it: bool(it.text.strip()) == (it.type == Marker.TEXT_VIEW_FACING)),
    ),
    Rule('an arrow has a length', 'Foxglove divides by it', of_each(arrow_has_length)),
    Rule(
        'a lifetime', 'RViz keeps the markers of a dead node',
        of_each(lambda it: lifetime_ns(it) > MIN_LIFETIME_NS),
    ),
)  # fmt: skip
