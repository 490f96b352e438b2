"""What fp16 changes: detections, landmarks and expressions against fp32, on the test pictures.

Without --gpu the roundings of fp16 are calculated on the CPU (see `measuring/rounding.py`); with
it, both precisions run on CUDA. The pictures are those of $FACEMESH_DATA.

    ./run bench precision [--gpu]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
from model_differences import MIN_SCORE, detector_differences, landmark_differences
from fp16_rounding import rounded

from facemesh_ros.attributes.blendshapes import Blendshapes
from facemesh_ros.catalog.model_specs import (
    DETECTOR_SPECS,
    LANDMARK_SPECS,
    detector_spec,
    landmark_spec,
)
from facemesh_ros.catalog.variants import Variant
from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.geometry.rois import rois_from_detections
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.landmarks.face_mesh import FaceLandmarker
from facemesh_ros.models.store import ModelStore
from facemesh_ros.types import Frame, PixelOrder, Rois

DETECTOR, MODEL = 'full_range', 'v2'
Load = Callable[[str], ModelSession]
Crops = list[tuple[Frame, Rois]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--gpu', action='store_true', help='run both precisions on CUDA')
    gpu = parser.parse_args().gpu
    single, half = _on_gpu() if gpu else _on_cpu(ModelStore())
    frames = list(_frames())
    print(
        f'{len(frames)} pictures; fp16 {"by CUDA" if gpu else "by rounding on the CPU"}; '
        + ', '.join(f'{name} {metadata.version(name)}' for name in ('onnx', 'numpy'))
    )
    print('| model | difference | median | 95 % | largest |')
    print('|---|---|---|---|---|')
    for name in DETECTOR_SPECS:
        _print_detector(frames, name, single, half)
    crops = list(_crops(frames, _blazeface(DETECTOR, single)))
    for name in LANDMARK_SPECS:
        _print_landmarks(crops, name, single, half)


def _on_gpu() -> tuple[Load, Load]:
    def load(precision: str) -> Load:
        choice = ProviderChoice('cuda', precision=precision)
        return lambda name: load_session(ModelStore(), name, choice)

    return load('fp32'), load('fp16')


def _on_cpu(store: ModelStore) -> tuple[Load, Load]:
    choice = ProviderChoice('cpu')
    return (
        lambda name: load_session(store, name, choice),
        lambda name: ModelSession(rounded(store.load(name, Variant.HALF)), choice),
    )


def _frames() -> Iterator[Frame]:
    beside = Path(__file__).resolve().parents[2] / 'shared' / 'data'
    folder = Path(os.environ.get('FACEMESH_DATA') or beside) / 'images'
    for path in sorted(folder.iterdir()):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is not None:
            yield Frame(image, PixelOrder.BGR)


def _blazeface(name: str, load: Load) -> BlazeFace:
    return BlazeFace(load(name), detector_spec(name), landmark_spec(MODEL).max_iou)


def _crops(frames: list[Frame], detector: BlazeFace) -> Iterator[tuple[Frame, Rois]]:
    square = landmark_spec(MODEL).square_roi
    for frame in frames:
        yield frame, rois_from_detections(detector.detect(frame, MIN_SCORE), square=square)


def _print_detector(frames: list[Frame], name: str, single: Load, half: Load) -> None:
    found = detector_differences(frames, _blazeface(name, single), _blazeface(name, half))
    what = f'score of {len(found.scores)} faces ({found.lost} lost, {found.new} new)'
    _print_row(name, what, found.scores)
    _print_row(name, 'corners of their boxes, px of the image', found.corners_px)


def _print_landmarks(crops: Crops, name: str, single: Load, half: Load) -> None:
    """Landmarks in the same crops, and the expressions that follow from them."""
    found = landmark_differences(crops, FaceLandmarker(single(name)), FaceLandmarker(half(name)))
    offsets = found.offsets_px
    _print_row(name, f'landmarks of {len(offsets)} faces, px of the image', offsets)
    _print_row(name, 'the same, % of the crop', 100 * offsets / found.crop_sides_px[:, None])
    _print_row(name, f'presence of {len(found.presences)} crops', found.presences)
    if name == MODEL:
        expressions = Blendshapes(single('blendshapes'))
        first, second = (expressions.predict(points) for points in found.points)
        _print_row('blendshapes (fp32)', 'scores of these landmarks', np.abs(first - second))


def _print_row(name: str, what: str, values: np.ndarray) -> None:
    numbers = (f'{value:.4f}' for value in np.percentile(values, (50, 95, 100)))
    print(f'| {name} | {what} | {" | ".join(numbers)} |')


if __name__ == '__main__':
    main()
