"""Take the picture of docs/viewer.md, of the viewer in a headless Chromium: docs/viewer.png.

./run shell -c 'python tools/draw_viewer.py'

It needs the viewer (`rerun-sdk`), models, and Chromium (Debian's package, or $FACEMESH_CHROMIUM).
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.cli.seen_results import SeenResults
from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.io import Picture
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder
from facemesh_ros.viz.rerun_view import Place, RerunView, ViewTarget
from facemesh_ros.viz.rerun_view.viewer_process import free_port

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'test' / 'support'))

import chromium  # noqa: E402  the browser that tests look with

OUTPUT = ROOT / 'docs' / 'viewer.png'
IMAGE_WH, PAGE_WH = (640, 480), (1440, 900)
RATE_HZ, SECONDS = 30, 5.0
# A common webcam, as the demo's.
CAMERA = CalibratedCamera(Intrinsics.from_vertical_fov(IMAGE_WH, math.radians(43)))
# The page draws by software and takes its time; what it shows then stands still.
PERIOD_S, PATIENCE_S, STILL = 2.0, 300.0, 2.0


def show_moving_face(view: RerunView) -> None:
    """Show some seconds of the demo's face, as `facemesh view` shows a video."""
    sensor, face = load_sensor(SensorSettings()), moving_astronaut(IMAGE_WH)
    pipeline, results = sensor.stream(), SeenResults(sensor)
    for number in range(round(SECONDS * RATE_HZ)):
        stamp_ns = number * 10**9 // RATE_HZ
        picture = Picture(Path('camera'), number, stamp_ns, face.image_at(number / RATE_HZ))
        frame = Frame(picture.bgr, PixelOrder.BGR, stamp_ns, CAMERA)
        start_s = time.perf_counter()
        faces = pipeline.process(frame)
        took_ms = 1e3 * (time.perf_counter() - start_s)
        view.show(results.seen('camera', picture, frame, faces), {'finding the faces': took_ms})


def picture_of(url: str, program: str, folder: Path) -> np.ndarray:
    """Return what the page shows once it stands still, (H, W, 3) BGR."""
    with chromium.opened_page(program, folder / 'profile', PAGE_WH) as page:
        page.open(url)
        before, end_s = page.screenshot(), time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            time.sleep(PERIOD_S)
            picture = page.screenshot()
            is_still = np.abs(picture.astype(int) - before).mean() < STILL
            if is_still and picture.std() > 40:  # not the empty page
                return picture
            before = picture
    raise SystemExit(f'{url} did not come to rest within {PATIENCE_S:.0f} s')


def main() -> None:
    """Write the picture."""
    program = chromium.chromium()
    if program is None:
        raise SystemExit('there is no Chromium: apt install chromium, or set FACEMESH_CHROMIUM')
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, RerunView(ViewTarget(Place.WEB, port)) as view:
        show_moving_face(view)
        picture = picture_of(f'http://localhost:{port}', program, Path(folder))
    cv2.imwrite(str(OUTPUT), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f'wrote {OUTPUT.relative_to(ROOT)}')


if __name__ == '__main__':
    main()
