"""A viewer that writes to a file, which is read back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.types import Camera, Frame, PixelOrder
from facemesh_ros.viz.seen_image import SeenImage

PERIOD_NS = 40_000_000
START_NS = 1_700_000_000 * 10**9
IMAGE_WH = (640, 480)
# As the faces of `face_recordings` are placed.
CAMERA = CalibratedCamera(Intrinsics(600.0, 600.0, 320.0, 240.0))
_ANY = object()


@pytest.fixture(autouse=True)
def strict(require_package, monkeypatch) -> None:
    """Let Rerun raise what it would only warn of."""
    monkeypatch.setenv('RERUN_STRICT', '1')
    require_package('rerun')
    require_package('rosbags')


@pytest.fixture
def shown(tmp_path) -> Callable[[Iterable[SeenImage]], Any]:
    """Show images in a view that writes to a file, and return what that holds."""
    numbers = itertools.count()

    def show(images: Iterable[SeenImage]) -> Any:
        from rerun_file import RerunFile

        from facemesh_ros.viz.rerun_view import Place, RerunView, ViewTarget

        path = tmp_path / f'{next(numbers)}.rrd'
        with RerunView(ViewTarget(Place.NONE, save=path)) as view:
            for image in images:
                view.show(image)
        return RerunFile(path)

    return show


def seen(
    faces: Iterable[Any] = (),
    number: int = 0,
    *,
    stream: str = '/camera/image_raw',
    camera: Camera | None = CAMERA,
    info: Any = _ANY,
    pixels: np.ndarray | None = None,
    stamp_ns: int | None = None,
    **fields: Any,
) -> SeenImage:
    """An image with faces, 40 ms after the one before."""
    from face_recordings import faces_msg
    from face_recordings import info as face_info

    stamp = START_NS + number * PERIOD_NS if stamp_ns is None else stamp_ns
    image = np.full((480, 640, 3), 90, np.uint8) if pixels is None else pixels
    frame = Frame(image, PixelOrder.BGR, stamp, camera)
    said = face_info(**_mesh()) if info is _ANY else info
    return SeenImage(stream, stamp, None, faces_msg(stamp, faces, **fields), said, frame, camera)


def _mesh(landmark_count: int = 478) -> dict[str, Any]:
    from facemesh_ros.geometry.canonical_face import load_topology

    topology = load_topology(landmark_count)
    return {name: getattr(topology, name).ravel() for name in ('edges', 'contours', 'triangles')}
