"""Faces as foxglove_msgs/ImageAnnotations: what the debug image shows, without its pixels.

Foxglove draws them over the camera's own image. Its pixels count from the top-left corner of the
top-left pixel, ours from its centre.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from builtin_interfaces.msg import Time
from foxglove_msgs.msg import (
    CircleAnnotation,
    Color,
    ImageAnnotations,
    Point2,
    PointsAnnotation,
    TextAnnotation,
)
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS, FaceTopology
from facemesh_ros.geometry.eye_landmarks import IRIS_RINGS
from facemesh_ros.ros.output.image_result import ImageResult
from facemesh_ros.ros.output.lazy_topics import LazyTopic
from facemesh_ros.ros.qos import RELIABLE
from facemesh_ros.types import Faces, Float32, Float64, Frame
from facemesh_ros.viz.overlay import RGB, arrows_of, label_of, rgb_of_id

FOXGLOVE_PX = 0.5  # what Foxglove's pixel coordinates are more than ours
LINE_PX, ARROW_PX = 1.0, 2.0
# Of the image's smaller side; a few pixels at least, to be read.
FONT_SHARE, MIN_FONT_PX = 0.03, 12.0
LABEL_GAP_PX = 4.0
LABEL_BACKGROUND = Color(r=0.0, g=0.0, b=0.0, a=0.5)
# Older releases of foxglove_msgs have a time for each annotation only.
HAS_TIME = 'timestamp' in ImageAnnotations.get_fields_and_field_types()


def lazy_topic(topology: FaceTopology) -> LazyTopic:
    """Return the topic."""
    build = partial(annotations_of, ends_of_contours(topology))
    return LazyTopic('annotations', ImageAnnotations, RELIABLE, build)


def ends_of_contours(topology: FaceTopology) -> NDArray[np.intp]:
    """Return (2 C,) landmarks of the ends of C lines: all contours but the irises'."""
    contours = topology.contours[(topology.contours < MESH_LANDMARKS).all(axis=1)]
    return contours.ravel().astype(np.intp)


def annotations_of(contours: NDArray[np.intp], result: ImageResult) -> ImageAnnotations:
    """Build the annotations of an image; `contours`: see `ends_of_contours`."""
    return annotations_msg(result.faces, result.frame, result.msg.header.stamp, contours)


def annotations_msg(
    faces: Faces, frame: Frame, stamp: Time, contours: NDArray[np.intp]
) -> ImageAnnotations:
    """Return contours, irises, label and, with a camera, axes and gaze of each face.

    Args:
        faces: The faces.
        frame: Their image.
        stamp: Of the image, bit for bit: Foxglove joins image and annotations by it.
        contours: See `ends_of_contours`.
    """
    msg = ImageAnnotations()
    if HAS_TIME:
        msg.timestamp = stamp
    for index, number in enumerate(faces.ids.tolist()):
        points, colour = faces.landmarks[index, :, :2], _colour(rgb_of_id(number))
        msg.points.append(_contours(stamp, points, contours, colour))
        msg.circles.extend(_irises(stamp, points, colour))
        if frame.camera is not None:
            msg.points.extend(_arrows(stamp, faces, frame, index))
        msg.texts.append(_label(stamp, faces, frame, index, colour))
    if not msg.points:
        # Lines of no points: Foxglove shows a synchronised image only once it has annotations of
        # the same stamp, so that without them the view would stand still while nobody is there.
        msg.points.append(PointsAnnotation(timestamp=stamp, type=PointsAnnotation.LINE_LIST))
    return msg


def _contours(
    stamp: Time, points: Float32, contours: NDArray[np.intp], colour: Color
) -> PointsAnnotation:
    # The same Point2 objects many times, as each contour is a chain of lines.
    shared = [_point(pixel) for pixel in points[:MESH_LANDMARKS].tolist()]
    return PointsAnnotation(
        timestamp=stamp,
        type=PointsAnnotation.LINE_LIST,
        points=[shared[index] for index in contours.tolist()],
        outline_color=colour,
        thickness=LINE_PX,
    )


def _irises(stamp: Time, points: Float32, colour: Color) -> Iterator[CircleAnnotation]:
    """Yield a circle for each iris that the landmark model has."""
    if len(points) == MESH_LANDMARKS:
        return
    for ring in points[IRIS_RINGS].astype(float):
        centre = ring.mean(axis=0)
        radius = float(np.linalg.norm(ring - centre, axis=1).mean())
        yield CircleAnnotation(
            timestamp=stamp,
            position=_point(centre.tolist()),
            diameter=2 * radius,
            thickness=LINE_PX,
            outline_color=colour,
        )


def _arrows(stamp: Time, faces: Faces, frame: Frame, index: int) -> Iterator[PointsAnnotation]:
    """Yield one list of coloured lines, if there are any."""
    assert frame.camera is not None
    arrows = arrows_of(frame.camera, faces.metric, index)
    if arrows:
        yield PointsAnnotation(
            timestamp=stamp,
            type=PointsAnnotation.LINE_LIST,
            points=[_point(end) for arrow in arrows for end in arrow.ends.tolist()],
            outline_color=_colour(arrows[0].rgb),
            outline_colors=[_colour(arrow.rgb) for arrow in arrows],
            thickness=ARROW_PX,
        )


def _label(stamp: Time, faces: Faces, frame: Frame, index: int, colour: Color) -> TextAnnotation:
    left, top = faces.boxes_xyxy[index, :2].astype(float)
    return TextAnnotation(
        timestamp=stamp,
        position=_point((left, top - LABEL_GAP_PX)),
        text=label_of(faces, index),
        font_size=max(MIN_FONT_PX, FONT_SHARE * min(frame.image_wh)),
        text_color=colour,
        background_color=LABEL_BACKGROUND,
    )


def _point(pixel: list[float] | tuple[float, float] | Float64) -> Point2:
    x, y = pixel
    return Point2(x=float(x) + FOXGLOVE_PX, y=float(y) + FOXGLOVE_PX)


def _colour(rgb: RGB) -> Color:
    red, green, blue = rgb
    return Color(r=red, g=green, b=blue, a=1.0)
