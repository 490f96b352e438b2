"""Write a video of the bundled moving face, for whoever has neither camera nor clip at hand.

./run shell -c 'python tools/make_clip.py clip.mp4'
"""

from __future__ import annotations

import argparse
from pathlib import Path

from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.io.video_writer import VideoFile

RATE_HZ = 30


def main() -> None:
    """Write the video that the command line names."""
    parser = argparse.ArgumentParser(description='Write a video of the bundled moving face.')
    parser.add_argument('output', type=Path, help='the video, such as clip.mp4')
    parser.add_argument('--seconds', type=float, default=10.0, help='its length')
    parser.add_argument(
        '--size', type=int, nargs=2, default=(640, 480), metavar=('W', 'H'), help='of images, px'
    )
    arguments = parser.parse_args()
    face = moving_astronaut(tuple(arguments.size))
    with VideoFile(arguments.output, RATE_HZ) as video:
        for index in range(round(RATE_HZ * arguments.seconds)):
            video.write(face.image_at(index / RATE_HZ))


if __name__ == '__main__':
    main()
