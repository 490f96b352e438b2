"""Logs the picture of a stream and what is drawn over it."""

from __future__ import annotations

from typing import Any

import cv2

from facemesh_ros.types import UInt8
from facemesh_ros.viz.rerun_view.branch import Branch
from facemesh_ros.viz.rerun_view.mesh_topology import MeshTopology
from facemesh_ros.viz.rerun_view.shown_face import ShownFace

# Rerun's (0, 0) is the corner of the top-left pixel, ours its centre.
HALF_PIXEL = 0.5
PICTURE, FACES = 'picture', 'picture/faces'
_RAW_PIXELS = 640 * 480
_QUALITY = 85  # a tenth of the raw bytes, and no difference to be seen
# Negative radii are points of the screen, whatever the zoom.
_THIN, _THICK, _DOT = -0.4, -1.0, -0.9


def log_image(branch: Branch, path: str, bgr: UInt8) -> None:
    """Log an image, (H, W, 3) BGR.

    As JPEG, because a stream of raw ones would fill any memory. But Rerun decodes that beside its
    drawing and until then shows the last picture, darkened, under the mesh of the next: small
    images that are looked at as they come are raw.
    """
    height, width = bgr.shape[:2]
    if branch.is_live and width * height <= _RAW_PIXELS:
        branch.log(path, _raw_image(branch, bgr))
        return
    _, jpeg = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    branch.log(path, branch.sdk.EncodedImage(contents=jpeg.tobytes(), media_type='image/jpeg'))


def _raw_image(branch: Branch, bgr: UInt8) -> Any:
    """Return an image with half of BGR's bytes; of an odd side the last row or column is twice."""
    odd_h, odd_w = bgr.shape[0] % 2, bgr.shape[1] % 2
    even = cv2.copyMakeBorder(bgr, 0, odd_h, 0, odd_w, cv2.BORDER_REPLICATE)
    return branch.sdk.Image(
        bytes=cv2.cvtColor(even, cv2.COLOR_BGR2YUV_I420).tobytes(),
        width=even.shape[1],
        height=even.shape[0],
        pixel_format=branch.sdk.PixelFormat.Y_U_V12_LimitedRange,
    )


def log_face_in_picture(branch: Branch, face: ShownFace, topology: MeshTopology) -> None:
    """Log the landmarks of a face, the lines between them, and its box with its label."""
    rr, place = branch.sdk, branch.below(FACES, face.name)
    if not len(face.pixels):
        branch.clear(place)
        return
    pixels = face.pixels + HALF_PIXEL
    mesh, outlines = topology.mesh_of(pixels), topology.outlines_of(pixels)
    dim = tuple(part // 2 for part in face.rgb)
    branch.log(f'{place}/mesh', rr.LineStrips2D(mesh, colors=dim, radii=_THIN))
    branch.log(f'{place}/outlines', rr.LineStrips2D(outlines, colors=face.rgb, radii=_THICK))
    branch.log(f'{place}/landmarks', rr.Points2D(pixels, colors=face.rgb, radii=_DOT))
    if len(face.box_xyxy):
        box = rr.Boxes2D(
            array=face.box_xyxy + HALF_PIXEL,
            array_format=rr.Box2DFormat.XYXY,
            labels=face.label,
            colors=face.rgb,
            radii=_THICK,
        )
        branch.log(f'{place}/box', box)
    else:
        branch.clear(f'{place}/box')
