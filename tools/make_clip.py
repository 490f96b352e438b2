"""Write a video of the bundled moving face, for whoever has neither camera nor clip at hand.

./run shell -c 'python tools/make_clip.py clip.mp4 --camera-info camera.yaml'
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from facemesh_ros.geometry.camera import Intrinsics
from facemesh_ros.io.moving_face import WEBCAM_VERTICAL_FOV_RAD, moving_astronaut
from facemesh_ros.io.video_writer import VideoFile

RATE_HZ = 30


def write_clip(path: Path, image_wh: tuple[int, int], seconds: float) -> None:
    """Write the video."""
    face = moving_astronaut(image_wh)
    with VideoFile(path, RATE_HZ) as video:
        for index in range(round(RATE_HZ * seconds)):
            video.write(face.image_at(index / RATE_HZ))


def write_calibration(path: Path, image_wh: tuple[int, int]) -> None:
    """Write the calibration of the demo's camera, a common webcam, in the words of camera_info."""
    camera = Intrinsics.from_vertical_fov(image_wh, WEBCAM_VERTICAL_FOV_RAD)
    known = {
        'width': image_wh[0],
        'height': image_wh[1],
        'distortion_model': 'plumb_bob',
        'd': [0.0] * 5,
        'k': [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0],
        'r': [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        'p': [camera.fx, 0.0, camera.cx, 0.0, 0.0, camera.fy, camera.cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    }
    lines = [f'{name}: {json.dumps(value)}' for name, value in known.items()]
    path.write_text('\n'.join([*lines, '']), encoding='utf-8')


def main() -> None:
    """Write what the command line names."""
    parser = argparse.ArgumentParser(description='Write a video of the bundled moving face.')
    parser.add_argument('output', type=Path, help='the video, such as clip.mp4')
    parser.add_argument('--seconds', type=float, default=10.0, help='its length')
    parser.add_argument(
        '--size', type=int, nargs=2, default=(640, 480), metavar=('W', 'H'), help='of images, px'
    )
    parser.add_argument(
        '--camera-info',
        type=Path,
        metavar='FILE',
        help='write the calibration of a common webcam there, so that the face has metres',
    )
    arguments = parser.parse_args()
    width, height = arguments.size
    write_clip(arguments.output, (width, height), arguments.seconds)
    if arguments.camera_info is not None:
        write_calibration(arguments.camera_info, (width, height))


if __name__ == '__main__':
    main()
