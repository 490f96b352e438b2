"""Logs the faces of a stream in space, in the frame of its camera, and the camera itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facemesh_ros.types import Camera, Float64, UInt8
from facemesh_ros.viz.overlay import AXIS_LENGTH_M, GAZE_LENGTH_M, RGB, RGB_OF_AXES, RGB_OF_GAZE
from facemesh_ros.viz.rerun_view.branch import Branch
from facemesh_ros.viz.rerun_view.ideal_picture import Pinhole, pinhole_of
from facemesh_ros.viz.rerun_view.mesh_topology import MeshTopology, normals_of
from facemesh_ros.viz.rerun_view.picture_log import HALF_PIXEL, log_image
from facemesh_ros.viz.rerun_view.shown_face import ShownFace

SPACE, CAMERA, FACES = 'space', 'space/camera', 'space/faces'
CAMERA_PICTURE = f'{CAMERA}/picture'
# The picture stands behind the farthest face by this factor, and stays while that is within these.
_BEHIND, _FAR_M = 1.2, 0.8
_KEEPS = 1.05, 1.6
_ARROW_M, _ABOVE_M = 0.0015, 0.03


class SpaceLog:
    """Logs what is known in metres.

    Attributes:
        has_any: Whether anything was.
        middle_m: Of the first faces that were, (3,) m.
    """

    def __init__(self, branch: Branch) -> None:
        self.has_any, self.middle_m = False, np.array([0.0, 0.0, 0.6])
        self._branch = branch
        self._camera: tuple[Camera, tuple[int, int]] | None = None
        self._pinhole: Pinhole | None = None
        self._far_m = 0.0

    def note(self, camera: Camera | None, faces: Sequence[ShownFace]) -> None:
        """Take whether anything is known in metres, before it is logged."""
        middles = [face.points_m.mean(axis=0, dtype=float) for face in faces if len(face.points_m)]
        if self.has_any or (camera is None and not middles):
            return
        self.has_any = True
        if middles:
            self.middle_m = np.mean(middles, axis=0)
        self._branch.log(SPACE, self._branch.sdk.ViewCoordinates.RDF, static=True)

    def log_camera(self, camera: Camera, bgr: UInt8, faces: Sequence[ShownFace]) -> None:
        """Log the camera as a frustum with the picture in it, without the lens's distortion."""
        image_wh = bgr.shape[1], bgr.shape[0]
        if self._camera is None or self._camera != (camera, image_wh):
            self._camera = camera, image_wh
            self._pinhole, self._far_m = pinhole_of(camera, image_wh), 0.0
        if self._pinhole is None:
            self._branch.clear(CAMERA)
            return
        self._log_frustum(self._pinhole, faces)
        log_image(self._branch, CAMERA_PICTURE, self._pinhole.picture(bgr))

    def _log_frustum(self, pinhole: Pinhole, faces: Sequence[ShownFace]) -> None:
        depths_m = [float(face.points_m[:, 2].max()) for face in faces if len(face.points_m)]
        depth_m = max(depths_m, default=(self._far_m or _FAR_M) / _BEHIND)
        if _KEEPS[0] * depth_m < self._far_m < _KEEPS[1] * depth_m:
            return
        self._far_m = _BEHIND * depth_m
        matrix = pinhole.matrix.copy()
        matrix[:2, 2] += HALF_PIXEL
        self._branch.log(
            CAMERA,
            self._branch.sdk.Pinhole(
                image_from_camera=matrix,
                resolution=pinhole.image_wh,
                image_plane_distance=self._far_m,
            ),
        )

    def log_face(self, face: ShownFace, topology: MeshTopology) -> None:
        """Log the mesh of a face, its name above, the axes of its head, and its gaze."""
        rr, place = self._branch.sdk, self._branch.below(FACES, face.name)
        points = face.points_m
        if not len(points):
            self._branch.clear(place)
            return
        triangles = topology.triangles_among(len(points))
        mesh = rr.Mesh3D(
            vertex_positions=points,
            triangle_indices=triangles,
            vertex_normals=normals_of(points, triangles),
            albedo_factor=face.rgb,
        )
        self._branch.log(f'{place}/mesh', mesh)
        top = points[points[:, 1].argmin()] - (0, _ABOVE_M, 0)
        name = rr.Points3D(top, labels=face.label, colors=face.rgb, radii=0.0)
        self._branch.log(f'{place}/name', name)
        if len(face.pose):
            origins = np.tile(face.pose[:3, 3], (3, 1))
            axes = self._arrows(origins, AXIS_LENGTH_M * face.pose[:3, :3].T, RGB_OF_AXES)
            self._branch.log(f'{place}/axes', axes)
        else:
            self._branch.clear(f'{place}/axes')
        gazes = self._arrows(face.gazes[:, 0], GAZE_LENGTH_M * face.gazes[:, 1], [RGB_OF_GAZE])
        self._branch.log(f'{place}/gaze', gazes)

    def _arrows(self, origins: Float64, vectors: Float64, rgb: Sequence[RGB]) -> Any:
        colours = [[round(255 * part) for part in colour] for colour in rgb]
        arrows = self._branch.sdk.Arrows3D
        return arrows(origins=origins, vectors=vectors, colors=colours, radii=_ARROW_M)
