"""What Foxglove leaves out of image annotations or never shows, and what vision_msgs asks for.

Restated from Foxglove's message schemas, Lichtblick (normalizeAnnotations.ts, MessageHandler.ts,
Renderable*Annotation.ts), and the comments in the definitions of vision_msgs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from test.ros.output.rules import Rule, are_colours, is_rotation, numbers


def annotations_of(msg: Any) -> list[Any]:
    return [*msg.circles, *msg.points, *msg.texts]


def annotation_colours(msg: Any) -> list[Any]:
    outlined = [*msg.circles, *msg.points]
    per_segment = [colour for it in msg.points for colour in it.outline_colors]
    of_texts = [colour for it in msg.texts for colour in (it.text_color, it.background_color)]
    return [
        *(it.outline_color for it in outlined),
        *(it.fill_color for it in outlined),
        *per_segment,
        *of_texts,
    ]


ANNOTATION_RULES = (
    Rule(
        'a known type of points', 'Foxglove leaves it out',
        lambda msg: all(it.type in (1, 2, 3, 4) for it in msg.points),
    ),
    Rule(
        'lines have two ends', 'Foxglove drops the last point',
        lambda msg: all(len(it.points) % 2 == 0 for it in msg.points if it.type == it.LINE_LIST),
    ),
    Rule(
        'no colours, or one for each line', 'schema',
        lambda msg: all(
            len(it.outline_colors) in (0, len(it.points) / 2)
            for it in msg.points
            if it.type == it.LINE_LIST
        ),
    ),
    Rule('colours in [0, 1]', 'schema', lambda msg: are_colours(*annotation_colours(msg))),
    Rule(
        'lines, circles and letters have a size', 'Foxglove draws nothing',
        lambda msg: all(it.thickness > 0 for it in msg.circles)
        and all(it.thickness > 0 for it in msg.points if it.points)
        and all(it.diameter > 0 for it in msg.circles)
        and all(it.font_size > 0 for it in msg.texts),
    ),
    Rule(
        'finite pixels', 'Foxglove draws nothing',
        lambda msg: bool(
            np.isfinite(
                numbers(
                    *(it.position for it in (*msg.circles, *msg.texts)),
                    *(point for it in msg.points for point in it.points),
                )
            ).all()
        ),
    ),
    Rule('texts say something', 'schema', lambda msg: all(it.text.strip() for it in msg.texts)),
    Rule(
        'one time for all, and never none', 'Foxglove joins image and annotations by their stamps',
        lambda msg: len({(it.timestamp.sec, it.timestamp.nanosec) for it in annotations_of(msg)})
        == 1,
    ),
)  # fmt: skip


def pose_is_known_or_nan(result: Any) -> bool:
    pose, covariance = result.pose.pose, np.reshape(result.pose.covariance, (6, 6))
    values = np.append(numbers(pose), covariance)
    if np.isnan(values).all():
        return True
    return bool(np.isfinite(values).all()) and is_rotation(pose.orientation)


def results_of(msg: Any) -> list[Any]:
    return [result for detection in msg.detections for result in detection.results]


DETECTION_RULES = (
    Rule(
        "each has the array's header", 'vision_msgs: that of the source data',
        lambda msg: all(it.header == msg.header for it in msg.detections),
    ),
    Rule(
        'an id each', 'vision_msgs: the same object, the same id',
        lambda msg: len({it.id for it in msg.detections} - {''}) == len(msg.detections),
    ),
    Rule(
        'one class', 'a face is nothing else',
        lambda msg: all(
            [result.hypothesis.class_id for result in it.results] == ['face']
            for it in msg.detections
        ),
    ),
    Rule(
        'a score in [0, 1]', 'vision_msgs: by convention',
        lambda msg: all(0 <= it.hypothesis.score <= 1 for it in results_of(msg)),
    ),
    Rule(
        'an upright box of a size', 'vision_msgs_rviz_plugins: invalid floating point values',
        lambda msg: all(
            it.bbox.size_x > 0
            and it.bbox.size_y > 0
            and it.bbox.center.theta == 0
            and bool(np.isfinite(numbers(it.bbox)).all())
            for it in msg.detections
        ),
    ),
    Rule(
        'a pose that is known, or not a number', 'never one that looks known and is not',
        lambda msg: all(map(pose_is_known_or_nan, results_of(msg))),
    ),
)  # fmt: skip
