"""Write the golden of MediaPipe's temporal filter: a face before and after it.

PYTHONPATH=. python test/golden/generate_stream.py --bundle face_landmarker.task
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'tools'))

from workspace.peers import ENVIRONMENTS, peer_python  # noqa: E402

from facemesh_ros.io.moving_face import moving_astronaut  # noqa: E402

# From one image to the next; whole ms, as MediaPipe takes them. The stream does not begin at 0,
# which MediaPipe's filter takes for no time at all.
INTERVALS_MS = (20, 50, 33, 100, 15, 33, 8, 200, 33)
FIRST_MS = 1000
TILE_WH = (480, 480)
APART_S = 2.0


def two_faces(time_s: float) -> np.ndarray:
    """Return an image (H, W, 3) RGB of two faces in motion."""
    moving = moving_astronaut(TILE_WH)
    tiles = [moving.image_at(time_s), moving.image_at(time_s + APART_S)]
    return np.ascontiguousarray(np.hstack(tiles)[..., ::-1])


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--bundle', type=Path, required=True, help='face_landmarker.task')
    parser.add_argument(
        '--environments', type=Path, default=ENVIRONMENTS, help='where the peer goes'
    )
    chosen = parser.parse_args()
    stamps_ms = FIRST_MS + np.cumsum([0, *INTERVALS_MS])
    python = peer_python('mediapipe-1.2.2', chosen.environments)
    with tempfile.TemporaryDirectory() as folder:
        images, stamps = Path(folder) / 'images.npy', Path(folder) / 'stamps.npy'
        np.save(images, np.stack([two_faces(stamp / 1e3) for stamp in stamps_ms.tolist()]))
        np.save(stamps, stamps_ms)
        output = HERE / 'mediapipe_1_2_2_stream.npz'
        program = [python, HERE / 'peer_stream.py', images, stamps, chosen.bundle, output]
        subprocess.run([str(part) for part in program], check=True)


if __name__ == '__main__':
    main()
