"""Logs one stream to Rerun: its pictures, its faces in them and in space, and curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from facemesh_ros import consumer
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.types import Float32, UInt8
from facemesh_ros.viz.drawing import bgr_from_frame
from facemesh_ros.viz.overlay import AXIS_LENGTH_M, GAZE_LENGTH_M, RGB_OF_AXES, RGB_OF_GAZE
from facemesh_ros.viz.rerun_view import curves
from facemesh_ros.viz.rerun_view.ideal_picture import Pinhole, pinhole_of
from facemesh_ros.viz.rerun_view.shown_face import ShownFace, shown_face
from facemesh_ros.viz.seen_image import SeenImage

# Rerun's (0, 0) is the corner of the top-left pixel, ours its centre.
HALF_PIXEL = 0.5
EPOCH_NS = 10**9 * 86400 * 365  # stamps before are times since a stream's start
_JPEG_QUALITY = {'picture': 85, 'camera': 75}
# The picture stands behind the faces: so much farther than the farthest.
_BEHIND = 1.25
_FAR_M = 0.6


class StreamLog:
    """Logs what was seen in the images of one stream.

    Attributes:
        root: Its branch of the entities.
        has_space: Whether it has shown anything in space.
        why_flat: Why there is nothing in space.
        has_times: Whether latencies were known.
    """

    def __init__(self, sdk: Any, recording: Any, root: str) -> None:
        self.root, self.has_space, self.why_flat, self.has_times = root, False, '', False
        self._rr, self._recording = sdk, recording
        self._images = 0
        self._faces: set[str] = set()
        self._named: set[str] = set()
        self._camera: tuple[Any, tuple[int, int]] | None = None
        self._pinhole: Pinhole | None = None
        self._info: Any = None
        self._mesh = _Mesh.of(None)
        self._far_m = 0.0

    def show(self, seen: SeenImage, times_ms: Mapping[str, float]) -> None:
        """Log an image and its faces."""
        self._set_time(seen.stamp_ns)
        if seen.info is not None and seen.info is not self._info:
            self._info, self._mesh = seen.info, _Mesh.of(seen.info)
        faces = [shown_face(msg, self._mesh.names) for msg in seen.msg.faces]
        self._note_space(seen, faces)
        self._show_picture(seen, faces)
        gone = self._faces - {face.name for face in faces}
        for name in sorted(gone):
            self._clear(name)
        for face in faces:
            self._show_in_picture(face)
            self._show_in_space(face)
            self._show_numbers(face)
        self._faces = {face.name for face in faces}
        self._show_counts(seen, faces, times_ms)
        self._images += 1

    def _set_time(self, stamp_ns: int) -> None:
        recording = self._recording
        recording.reset_time()
        recording.set_time('image', sequence=self._images)
        if stamp_ns >= EPOCH_NS:
            recording.set_time('stamp', timestamp=np.datetime64(stamp_ns, 'ns'))
        else:
            recording.set_time('time', duration=np.timedelta64(stamp_ns, 'ns'))

    def _log(self, path: str, *shown: Any, static: bool = False) -> None:
        self._recording.log(f'{self.root}/{path}', *shown, static=static)

    def _note_space(self, seen: SeenImage, faces: Sequence[ShownFace]) -> None:
        if seen.camera is not None or any(len(face.points_m) for face in faces):
            if not self.has_space:
                self._log('space', self._rr.ViewCoordinates.RDF, static=True)
            self.has_space = True
            return
        self.why_flat = (
            'The camera is not calibrated: how far faces are, and where they look, cannot be told.'
        )

    def _show_picture(self, seen: SeenImage, faces: Sequence[ShownFace]) -> None:
        if seen.frame is None:
            return
        bgr = bgr_from_frame(seen.frame)
        self._log('picture', self._jpeg(bgr, 'picture'))
        if seen.camera is None:
            return
        if self._camera != (seen.camera, seen.frame.image_wh):
            self._camera = seen.camera, seen.frame.image_wh
            self._pinhole, self._far_m = pinhole_of(*self._camera), 0.0
        if self._pinhole is not None:
            self._show_frustum(self._pinhole, faces)
            self._log('space/camera/picture', self._jpeg(self._pinhole.picture(bgr), 'camera'))

    def _show_frustum(self, pinhole: Pinhole, faces: Sequence[ShownFace]) -> None:
        """Log the frustum where it is new, or the faces have left its depth."""
        depths = [float(face.points_m[:, 2].max()) for face in faces if len(face.points_m)]
        far_m = _BEHIND * max(depths, default=_FAR_M)
        if self._far_m and (not depths or 0.8 < far_m / self._far_m < _BEHIND):
            return
        self._far_m = far_m
        matrix = pinhole.matrix.copy()
        matrix[:2, 2] += HALF_PIXEL
        self._log(
            'space/camera',
            self._rr.Pinhole(
                image_from_camera=matrix,
                resolution=pinhole.image_wh,
                image_plane_distance=far_m,
            ),
        )

    def _jpeg(self, bgr: UInt8, use: str) -> Any:
        _, jpeg = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY[use]])
        return self._rr.EncodedImage(contents=jpeg.tobytes(), media_type='image/jpeg')

    def _clear(self, name: str) -> None:
        clear, part = self._rr.Clear(recursive=True), self._rr.escape_entity_path_part(name)
        self._log(f'picture/faces/{part}', clear)
        self._log(f'space/faces/{part}', clear)
        for plot in curves.OF_FACES:
            self._log(f'curves/{plot.entity}/{part}', clear)

    def _show_in_picture(self, face: ShownFace) -> None:
        rr, part = self._rr, self._rr.escape_entity_path_part(face.name)
        place, pixels = f'picture/faces/{part}', face.pixels + HALF_PIXEL
        dim = tuple(part // 2 for part in face.rgb)
        parts = {
            'mesh': rr.LineStrips2D(_lines(pixels, self._mesh.edges), colors=dim, radii=-0.5),
            'outlines': rr.LineStrips2D(
                _lines(pixels, self._mesh.contours), colors=face.rgb, radii=-1.0
            ),
            'landmarks': rr.Points2D(pixels, colors=face.rgb, radii=-1.0),
        }
        box = face.box_xyxy + HALF_PIXEL
        if len(box):
            parts['box'] = rr.Boxes2D(
                array=box, array_format=rr.Box2DFormat.XYXY, labels=face.label, colors=face.rgb
            )
        self._log_parts(place, parts, bool(len(pixels)))

    def _log_parts(self, place: str, parts: Mapping[str, Any], is_known: bool) -> None:
        if not is_known:
            self._log(place, self._rr.Clear(recursive=True))
            return
        for name, part in parts.items():
            self._log(f'{place}/{name}', part)

    def _show_in_space(self, face: ShownFace) -> None:
        if not self.has_space:
            return
        rr, part = self._rr, self._rr.escape_entity_path_part(face.name)
        place, points = f'space/faces/{part}', face.points_m
        parts: dict[str, Any] = {}
        if len(points):
            triangles = self._mesh.triangles_among(len(points))
            parts['mesh'] = rr.Mesh3D(
                vertex_positions=points,
                triangle_indices=triangles,
                vertex_normals=_normals(points, triangles),
                albedo_factor=face.rgb,
            )
            top = points[np.argmin(points[:, 1])] - (0, 0.03, 0)
            parts['name'] = rr.Points3D(top, labels=face.label, colors=face.rgb, radii=0.001)
            parts['axes'] = self._arrows(
                np.broadcast_to(face.pose[:3, 3], (3, 3)),
                AXIS_LENGTH_M * face.pose[:3, :3].T,
                RGB_OF_AXES,
            ) if len(face.pose) else rr.Clear(recursive=False)
            parts['gaze'] = self._arrows(
                face.gazes[:, 0], GAZE_LENGTH_M * face.gazes[:, 1], [RGB_OF_GAZE]
            )
        self._log_parts(place, parts, bool(len(points)))

    def _arrows(self, origins: Any, vectors: Any, rgb: Any) -> Any:
        colours = [tuple(round(255 * part) for part in colour) for colour in rgb]
        return self._rr.Arrows3D(origins=origins, vectors=vectors, colors=colours, radii=0.002)

    def _show_numbers(self, face: ShownFace) -> None:
        part = self._rr.escape_entity_path_part(face.name)
        for plot in curves.OF_FACES:
            for number, name in enumerate(plot.numbers):
                if name in face.numbers:
                    place = f'curves/{plot.entity}/{part}/{number}'
                    said = face.name if len(plot.numbers) == 1 else f'{face.name} {name}'
                    self._curve(place, said, face.numbers[name])

    def _show_counts(
        self, seen: SeenImage, faces: Sequence[ShownFace], times_ms: Mapping[str, float]
    ) -> None:
        count = sum(face.is_seen for face in faces)
        self._curve(f'curves/{curves.FACES.entity}/count', curves.FACES.name, count)
        times = {'image to message': 1e3 * seen.msg.latency, **times_ms}
        for name, value in times.items():
            if math.isfinite(value):
                self.has_times = True
                part = self._rr.escape_entity_path_part(name)
                self._curve(f'curves/{curves.TIMES.entity}/{part}', name, value)

    def _curve(self, place: str, name: str, value: float) -> None:
        if place not in self._named:
            self._named.add(place)
            self._log(place, self._rr.SeriesLines(names=name), static=True)
        self._log(place, self._rr.Scalars(value))


class _Mesh:
    """What a FaceMeshInfo says of the mesh; nothing of it is taken on trust."""

    def __init__(self, edges: Any, contours: Any, triangles: Any, names: Any) -> None:
        self.edges, self.contours, self.names = edges, contours, names
        self._triangles = triangles

    @staticmethod
    def of(info: Any) -> _Mesh:
        if info is None:
            nothing = np.empty((0, 2), np.int64)
            return _Mesh(nothing, nothing, np.empty((0, 3), np.int64), None)
        return _Mesh(
            _groups(info.edges, 2),
            _groups(info.contours, 2),
            _groups(info.triangles, 3),
            consumer.NamedLandmarks(info),
        )

    def triangles_among(self, count: int) -> Any:
        return self._triangles[(self._triangles < count).all(axis=1)]


def _groups(values: Any, size: int) -> Any:
    flat = np.asarray(values, np.int64)
    return flat[: len(flat) // size * size].reshape(-1, size)


def _lines(pixels: Float32, pairs: Any) -> Any:
    return pixels[pairs[(pairs < len(pixels)).all(axis=1)]]


def _normals(points: Float32, triangles: Any) -> Float32:
    """Return the normal of each landmark, towards the side from which triangles are seen."""
    a, b, c = points[triangles].transpose(1, 0, 2)
    of_triangles = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for corner in triangles.T:
        np.add.at(normals, corner, of_triangles)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.where(lengths > 0, lengths, 1), np.float32)
