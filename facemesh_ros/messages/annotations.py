"""Faces as foxglove_msgs/ImageAnnotations: what the debug image shows, without its pixels.

Foxglove draws them over the camera's own image. Its pixels count from the top-left corner of the
top-left pixel, ours from its centre.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS, FaceTopology
from facemesh_ros.geometry.eye_landmarks import IRIS_RINGS
from facemesh_ros.messages.message_classes import MessageClasses
from facemesh_ros.types import Faces, Float32, Float64, Frame
from facemesh_ros.viz.overlay import RGB, arrows_of, label_of, rgb_of_id

ANNOTATION_TYPES = tuple(
    f'foxglove_msgs/msg/{name}'
    for name in (
        'CircleAnnotation',
        'Color',
        'ImageAnnotations',
        'Point2',
        'PointsAnnotation',
        'TextAnnotation',
    )
)
FOXGLOVE_PX = 0.5  # what Foxglove's pixel coordinates are more than ours
LINE_LIST = 4  # of PointsAnnotation's types
LINE_PX, ARROW_PX = 1.0, 2.0
# Of the image's smaller side; a few pixels at least, to be read.
FONT_SHARE, MIN_FONT_PX = 0.03, 12.0
LABEL_GAP_PX = 4.0
BLACK: RGB = (0.0, 0.0, 0.0)
LABEL_OPACITY = 0.5


class AnnotationMessages:
    """Builds the annotations of images."""

    def __init__(self, classes: MessageClasses, topology: FaceTopology) -> None:
        """Take the classes of ANNOTATION_TYPES, and the topology of the landmarks."""
        self._classes, self._contours = classes, _ends_of_contours(topology)

    def msg(self, faces: Faces, frame: Frame, stamp: Any) -> Any:
        """Return contours, irises, label and, with a camera, axes and gaze of each face.

        Args:
            faces: The faces.
            frame: Their image.
            stamp: Of the image, bit for bit: Foxglove joins image and annotations by it.
        """
        classes = self._classes
        msg = classes.ImageAnnotations()
        if hasattr(msg, 'timestamp'):  # older releases have a time for each annotation only
            msg.timestamp = stamp
        for index, number in enumerate(faces.ids.tolist()):
            points, colour = faces.landmarks[index, :, :2], self._colour(rgb_of_id(number))
            msg.points.append(self._contour_lines(stamp, points, colour))
            msg.circles.extend(self._irises(stamp, points, colour))
            if frame.camera is not None:
                msg.points.extend(self._arrows(stamp, faces, frame, index))
            msg.texts.append(self._label(stamp, faces, frame, index, colour))
        if not msg.points:
            # Lines of no points: Foxglove shows a synchronised image only once it has annotations
            # of the same stamp, so that without them the view would stand still while nobody is
            # there.
            msg.points.append(classes.PointsAnnotation(timestamp=stamp, type=LINE_LIST))
        return msg

    def _contour_lines(self, stamp: Any, points: Float32, colour: Any) -> Any:
        # The same Point2 objects many times, as each contour is a chain of lines.
        shared = [self._point(pixel) for pixel in points[:MESH_LANDMARKS].tolist()]
        return self._classes.PointsAnnotation(
            timestamp=stamp,
            type=LINE_LIST,
            points=[shared[index] for index in self._contours.tolist()],
            outline_color=colour,
            thickness=LINE_PX,
        )

    def _irises(self, stamp: Any, points: Float32, colour: Any) -> Iterator[Any]:
        """Yield a circle for each iris that the landmark model has."""
        if len(points) == MESH_LANDMARKS:
            return
        for ring in points[IRIS_RINGS].astype(float):
            centre = ring.mean(axis=0)
            radius = float(np.linalg.norm(ring - centre, axis=1).mean())
            yield self._classes.CircleAnnotation(
                timestamp=stamp,
                position=self._point(centre.tolist()),
                diameter=2 * radius,
                thickness=LINE_PX,
                outline_color=colour,
            )

    def _arrows(self, stamp: Any, faces: Faces, frame: Frame, index: int) -> Iterator[Any]:
        """Yield one list of coloured lines, if there are any."""
        assert frame.camera is not None
        arrows = arrows_of(frame.camera, faces.metric, index)
        if arrows:
            yield self._classes.PointsAnnotation(
                timestamp=stamp,
                type=LINE_LIST,
                points=[self._point(end) for arrow in arrows for end in arrow.ends.tolist()],
                outline_color=self._colour(arrows[0].rgb),
                outline_colors=[self._colour(arrow.rgb) for arrow in arrows],
                thickness=ARROW_PX,
            )

    def _label(self, stamp: Any, faces: Faces, frame: Frame, index: int, colour: Any) -> Any:
        left, top = faces.boxes_xyxy[index, :2].astype(float)
        return self._classes.TextAnnotation(
            timestamp=stamp,
            position=self._point((left, top - LABEL_GAP_PX)),
            text=label_of(faces, index),
            font_size=max(MIN_FONT_PX, FONT_SHARE * min(frame.image_wh)),
            text_color=colour,
            background_color=self._colour(BLACK, LABEL_OPACITY),
        )

    def _point(self, pixel: list[float] | tuple[float, float] | Float64) -> Any:
        x, y = pixel
        return self._classes.Point2(x=float(x) + FOXGLOVE_PX, y=float(y) + FOXGLOVE_PX)

    def _colour(self, rgb: RGB, opacity: float = 1.0) -> Any:
        red, green, blue = rgb
        return self._classes.Color(r=red, g=green, b=blue, a=opacity)


def _ends_of_contours(topology: FaceTopology) -> NDArray[np.intp]:
    """Return (2 C,) landmarks of the ends of C lines: all contours but the irises'."""
    contours = topology.contours[(topology.contours < MESH_LANDMARKS).all(axis=1)]
    return contours.ravel().astype(np.intp)
