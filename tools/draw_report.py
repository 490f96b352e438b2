"""Draw docs/report.png: a report of the bundled moving face, as Chromium shows its beginning.

./run shell -c 'python tools/draw_report.py'
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from facemesh_ros.assembly.face_sensor import FaceSensor, load_sensor
from facemesh_ros.cli.seen_results import SeenResults
from facemesh_ros.geometry.camera import DEFAULT_VERTICAL_FOV_RAD, CalibratedCamera, Intrinsics
from facemesh_ros.io import Picture
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder
from facemesh_ros.viz.report.page import Report, page_of
from facemesh_ros.viz.seen_image import SeenImage

OUTPUT = Path(__file__).resolve().parents[1] / 'docs' / 'report.png'
IMAGE_WH, RATE_HZ, SECONDS = (640, 480), 20, 30
PAGE_WH = (760, 1500)


def seen_images(sensor: FaceSensor) -> Iterator[SeenImage]:
    """Yield what the pipeline finds of the moving face."""
    face, pipeline, results = moving_astronaut(IMAGE_WH), sensor.stream(), SeenResults(sensor)
    intrinsics = Intrinsics.from_vertical_fov(IMAGE_WH, DEFAULT_VERTICAL_FOV_RAD)
    camera = CalibratedCamera(intrinsics)
    for number in range(SECONDS * RATE_HZ):
        time_s = number / RATE_HZ
        stamp_ns = round(1e9 * time_s)
        picture = Picture(Path('moving face'), number, stamp_ns, face.image_at(time_s))
        frame = Frame(picture.bgr, PixelOrder.BGR, stamp_ns, camera=camera)
        yield results.seen('moving face', picture, frame, pipeline.process(frame))


def main() -> int:
    """Write the picture."""
    chromium = os.environ.get('FACEMESH_CHROMIUM') or shutil.which('chromium')
    if chromium is None:
        raise SystemExit('there is no Chromium: apt install chromium, or set FACEMESH_CHROMIUM')
    report = Report('moving face')
    sensor = load_sensor(SensorSettings())
    for seen in seen_images(sensor):
        report.stream(seen.stream).add(seen)
    sensor.close()
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder, 'report.html'), Path(folder, 'shot.png')
        page.write_text(page_of(report), encoding='utf-8')
        subprocess.run(
            [
                *(chromium, '--headless=new', '--no-sandbox', '--disable-gpu'),
                *('--hide-scrollbars', f'--user-data-dir={folder}/profile'),
                *(f'--window-size={PAGE_WH[0]},{PAGE_WH[1]}', f'--screenshot={shot}'),
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        with Image.open(shot) as picture:
            picture.convert('RGB').save(OUTPUT, optimize=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
