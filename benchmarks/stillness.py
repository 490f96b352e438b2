"""Whether the landmarks of the last image would do for this one: how often, and how wrong.

A face whose crop has not changed beyond the camera's noise needs no new look, if such faces exist.
Crops of successive images of real clips are compared at the last crop's place, in 16 x 16 blocks;
if no block's mean grey level changes by more than a limit, the image counts as still.

    FACEMESH_DATA=FOLDER ./run bench stillness
    FACEMESH_DATA=FOLDER ./run bench stillness --docs    # into docs/benchmarks.md
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

import cv2
import numpy as np
from measuring.command import add_docs
from measuring.documents import BENCHMARKS, write_section
from measuring.machine import machine
from measuring.markdown import bullets, table

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.image.crop import LANDMARK_BORDER, CropStyle, crop_rois
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.io import pictures_from_file
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.models.store import ModelStore
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Float32, Frame, PixelOrder

MODEL = 'v2'
CLIPS = ('clips/liveportrait__d9.mp4', 'clips/samplevideos__head-pose-face-detection-male.gif')
LIMITS = (1.0, 1.5, 2.0, 3.0)
SIDE, BLOCKS = 64, 16
OUTER_EYE_CORNERS = [33, 263]
COLUMNS = ('clip', 'limit', 'still', 'RMS median', 'RMS largest', 'one landmark, largest')


@dataclass(frozen=True)
class Step:
    """From one image to the next.

    Attributes:
        change: Largest change of a block, grey levels.
        rms: Of the landmarks' way, % of the distance between the outer eye corners.
        largest: Of a single landmark.
    """

    change: float
    rms: float
    largest: float


def main() -> int:
    """Print a table of the clips there are; 1 if there are none."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    add_docs(parser)
    chosen = parser.parse_args()
    folder = Path(os.environ.get('FACEMESH_DATA', ''))
    clips = [folder / name for name in CLIPS if (folder / name).is_file()]
    if not clips:
        print('stillness: no clips; FACEMESH_DATA must name the evaluation data', file=sys.stderr)
        return 1
    cv2.setNumThreads(1)
    rows = [row for clip in clips for row in _rows(clip)]
    report = f'{bullets(machine())}\n\n{table(COLUMNS, rows)}'
    print(report)
    if chosen.docs:
        write_section(BENCHMARKS, 'stillness', report)
    return 0


def _rows(clip: Path) -> Iterator[list[str]]:
    steps = list(_steps(clip))
    for limit in LIMITS:
        still = [step for step in steps if step.change <= limit]
        row = [clip.stem, f'{limit:g}', f'{100 * len(still) / len(steps):.0f} %']
        if not still:
            yield [*row, '', '', '']
            continue
        rms = [step.rms for step in still]
        largest = max(step.largest for step in still)
        yield [*row, f'{np.median(rms):.2f} %', f'{max(rms):.2f} %', f'{largest:.2f} %']


def _steps(clip: Path) -> Iterator[Step]:
    """Follow the one face of a clip with a look at every image."""
    frames = [Frame(picture.bgr, PixelOrder.BGR) for picture in pictures_from_file(clip)]
    landmarker = FaceMesh(
        CpuCropModel(load_session(ModelStore(), MODEL, ProviderChoice('cpu')), FaceMesh.OUTPUTS)
    )
    style = CropStyle(SIDE, 0.0, LANDMARK_BORDER)
    points = load_sensor(SensorSettings()).stream().process_static_image(frames[0]).landmarks[:1]
    for before, after in pairwise(frames):
        rois = rois_from_landmarks(points)
        change = _change(crop_rois(before, rois, style), crop_rois(after, rois, style))
        now = landmarker.predict(after, rois).points
        ways = np.linalg.norm((now - points)[0, :, :2], axis=1)
        left, right = now[0, OUTER_EYE_CORNERS, :2]
        percent = 100 / np.linalg.norm(left - right)
        yield Step(change, float(percent * np.sqrt((ways**2).mean())), float(percent * ways.max()))
        points = now


def _change(before: Float32, after: Float32) -> float:
    grey = 255 * (after - before)[0].mean(axis=2)
    side = SIDE // BLOCKS
    blocks = grey.reshape(BLOCKS, side, BLOCKS, side).mean(axis=(1, 3))
    return float(np.abs(blocks).max())


if __name__ == '__main__':
    sys.exit(main())
