"""Write the golden files of this folder: what MediaPipe itself finds in the test pictures.

Each peer runs in an environment of its own, made on first use, and sees the very same pixels:
every picture is decoded once and handed over as an array.

    python test/golden/generate.py --images DIR --bundle face_landmarker.task
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'tools'))

from workspace.peers import ENVIRONMENTS, peer_python  # noqa: E402

# Rounded px compress better; a thousandth is below what any test of these files asks for.
PX_DECIMALS = 3
NOT_PX = {'scores', 'blendshapes', 'transforms'}

Arrays = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Peer:
    """A MediaPipe release and what of its output goes into which golden file.

    Attributes:
        requirement: The release; tools/wheels pins what it runs with.
        script: Program in this folder that runs inside the environment.
        outputs: Golden file for each name, or first part of a name, in the script's output.
    """

    requirement: str
    script: str
    outputs: dict[str, str]


LEGACY = Peer(
    'mediapipe==0.10.21',
    'peer_legacy.py',
    {
        'attention': 'mediapipe_0_10_21_attention',
        'mesh': 'mediapipe_0_10_21_mesh',
        'short_range': 'mediapipe_0_10_21_short_range',
        'full_range': 'mediapipe_0_10_21_full_range',
    },
)
TASKS = Peer(
    'mediapipe==1.2.2',
    'peer_tasks.py',
    {
        'v2': 'mediapipe_1_2_2_v2',
        'blendshapes': 'mediapipe_1_2_2_blendshapes',
        'transforms': 'mediapipe_1_2_2_transforms',
        'detector': 'mediapipe_1_2_2_detector',
    },
)


def decoded_pictures(images: Path) -> dict[str, NDArray[np.uint8]]:
    """Return every picture of a folder, and scikit-image's astronaut, as (H, W, 3) RGB."""
    pictures = {}
    for path in sorted(images.iterdir()):
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if bgr is None:
            raise SystemExit(f'{path} is no picture that OpenCV reads; give a folder of pictures')
        pictures[path.name] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    pictures['skimage.data.astronaut'] = skimage.data.astronaut()
    return pictures


def run_peer(python: Path, script: str, pixels: Path, *models: Path) -> dict[str, Arrays]:
    """Run a peer over a folder of .npy pictures; returns its arrays by picture."""
    with tempfile.TemporaryDirectory() as out:
        program = [str(python), str(HERE / script), str(pixels), out, *map(str, models)]
        subprocess.run(program, check=True)
        return {path.stem: dict(np.load(path)) for path in sorted(Path(out).glob('*.npz'))}


def largest_difference(first: dict[str, Arrays], second: dict[str, Arrays]) -> float:
    """Return the largest difference of two runs; infinity if they found other faces."""
    largest = 0.0
    for picture, arrays in first.items():
        for name, values in arrays.items():
            other = second[picture][name]
            if values.shape != other.shape:
                return float('inf')
            largest = max(largest, float(np.abs(values - other).max(initial=0)))
    return largest


def write_goldens(peer: Peer, found: dict[str, Arrays], out: Path) -> None:
    """Write one .npz for each kind of output, its keys picture or picture/array."""
    goldens: dict[str, Arrays] = {golden: {} for golden in peer.outputs.values()}
    for picture, arrays in found.items():
        for name, values in arrays.items():
            kind, _, array = name.partition('/')
            key = f'{picture}/{array}' if array else picture
            rounded = values if (array or kind) in NOT_PX else np.round(values, PX_DECIMALS)
            goldens[peer.outputs[kind]][key] = rounded.astype(np.float32)
    for golden, values_by_key in goldens.items():
        np.savez_compressed(out / f'{golden}.npz', **values_by_key)


def main() -> None:
    """Read the command line, run both peers twice and write what they found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--images', type=Path, required=True, help='folder of test pictures')
    parser.add_argument('--bundle', type=Path, required=True, help='face_landmarker.task')
    parser.add_argument(
        '--environments', type=Path, default=ENVIRONMENTS, help='where the peers go'
    )
    parser.add_argument('--out', type=Path, default=HERE, help='folder of the golden files')
    chosen = parser.parse_args()

    pictures = decoded_pictures(chosen.images)
    about: dict[str, Any] = {
        'decoder': f'OpenCV {cv2.__version__}, scikit-image {skimage.__version__}',
        'machine': f'Python {platform.python_version()}, {platform.system()} {platform.machine()}',
        'bundle_sha256': hashlib.sha256(chosen.bundle.read_bytes()).hexdigest(),
        'peers': {},
        'pictures': {
            name: {
                'image_wh': [rgb.shape[1], rgb.shape[0]],
                'pixels_sha256': hashlib.sha256(rgb.tobytes()).hexdigest(),
            }
            for name, rgb in pictures.items()
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        pixels = Path(folder)
        for name, rgb in pictures.items():
            np.save(pixels / f'{name}.npy', rgb)
        for peer, models in ((LEGACY, ()), (TASKS, (chosen.bundle,))):
            python = peer_python(peer.requirement.replace('==', '-'), chosen.environments)
            found, again = (run_peer(python, peer.script, pixels, *models) for _ in range(2))
            write_goldens(peer, found, chosen.out)
            about['peers'][peer.requirement] = {
                'largest_difference_of_two_runs': largest_difference(found, again)
            }
    (chosen.out / 'about.json').write_text(json.dumps(about, indent=1) + '\n')


if __name__ == '__main__':
    main()
