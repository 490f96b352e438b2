"""fp16 against fp32: differences of detections, landmarks and blendshapes on the test pictures.

Without --gpu, fp16 is simulated on the CPU (see test/support/fp16_rounding.py); with it, both
precisions run on CUDA. The pictures are those of $FACEMESH_DATA.

    ./run bench precision [--gpu]
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import numpy as np
from common.command import DATA_VARIABLE, data_folder, run_benchmark
from common.machine import conditions, cores_in_use
from common.report import Report, Table
from cpu_models import cpu_session, detector, landmark_model
from fp16_rounding import round_to_fp16
from model_differences import MIN_SCORE, detector_differences, landmark_differences
from sample_pictures import load_pictures

from facemesh_ros.attributes.blendshapes import Blendshapes
from facemesh_ros.catalog.model_entry import Kind, Variant
from facemesh_ros.catalog.models import landmark_spec, names_of
from facemesh_ros.geometry.rois import rois_from_detections
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.models.store import ModelStore
from facemesh_ros.types import Frame, PixelOrder, Rois

DETECTOR, MODEL = 'full_range', 'v2'
COLUMNS = [
    *(('model', '{model}'), ('difference', '{difference}'), ('median', '{median:.4f}')),
    *(('95 %', '{p95:.4f}'), ('largest', '{largest:.4f}')),
]
Load = Callable[[str], ModelSession]
Crops = list[tuple[Frame, Rois]]


def measure(chosen: Namespace) -> Report:
    """Compare both precisions of every model."""
    before = cores_in_use()
    single, half = _on_gpu() if chosen.gpu else _on_cpu(ModelStore())
    pictures = load_pictures(data_folder())
    left_out = [] if data_folder() else [f'pictures beyond scikit-image: set ${DATA_VARIABLE}']
    frames = [Frame(picture.rgb, PixelOrder.RGB) for picture in pictures]
    if chosen.quick:
        frames = frames[:5]
    rows = [
        row
        for name in names_of(Kind.DETECTOR)
        for row in _detector_rows(frames, name, single, half)
    ]
    square, finder = landmark_spec(MODEL).square_roi, detector(DETECTOR, single(DETECTOR))
    crops = [
        (frame, rois_from_detections(finder.detect(frame, MIN_SCORE), square=square))
        for frame in frames
    ]
    for name in names_of(Kind.LANDMARKS):
        rows += _landmark_rows(crops, name, single, half)
    about = conditions(
        before,
        pictures=len(frames),
        fp16='by CUDA' if chosen.gpu else 'simulated on the CPU',
        versions={name: metadata.version(name) for name in ('onnx', 'onnxruntime', 'numpy')},
    )
    return Report('', about, left_out, [Table('rows', 'fp16 against fp32', COLUMNS, rows)])


def _on_gpu() -> tuple[Load, Load]:
    def load(precision: str) -> Load:
        choice = ProviderChoice('cuda', precision=precision)
        return lambda name: load_session(ModelStore(), name, choice)

    return load('fp32'), load('fp16')


def _on_cpu(store: ModelStore) -> tuple[Load, Load]:
    def half(name: str) -> ModelSession:
        return ModelSession(round_to_fp16(store.load(name, Variant.HALF)), ProviderChoice('cpu'))

    return cpu_session, half


def _detector_rows(
    frames: list[Frame], name: str, single: Load, half: Load
) -> Iterator[dict[str, Any]]:
    found = detector_differences(frames, detector(name, single(name)), detector(name, half(name)))
    scores = f'score of {len(found.scores)} faces ({found.lost} lost, {found.new} new)'
    yield _row(name, scores, found.scores)
    yield _row(name, 'corners of their boxes, px of the image', found.corners_px)


def _landmark_rows(crops: Crops, name: str, single: Load, half: Load) -> Iterator[dict[str, Any]]:
    """Yield the differences of landmarks in the same crops, and of their blendshapes."""
    first, second = landmark_model(single(name)), landmark_model(half(name))
    found = landmark_differences(crops, first, second)
    offsets = found.offsets_px
    yield _row(name, f'landmarks of {len(offsets)} faces, px of the image', offsets)
    yield _row(name, 'the same, % of the crop', 100 * offsets / found.crop_sides_px[:, None])
    yield _row(name, f'presence of {len(found.presences)} crops', found.presences)
    if name == MODEL:
        blendshapes = Blendshapes(single('blendshapes'))
        scores, others = (blendshapes.predict(points) for points in found.points)
        yield _row('blendshapes (fp32)', 'scores of these landmarks', np.abs(scores - others))


def _row(model: str, difference: str, values: np.ndarray) -> dict[str, Any]:
    median, p95, largest = np.percentile(values, (50, 95, 100)).tolist()
    names = {'model': model, 'difference': difference}
    return {**names, 'median': median, 'p95': p95, 'largest': largest}


if __name__ == '__main__':
    gpu = {'action': 'store_true', 'help': 'run both precisions on CUDA'}
    sys.exit(run_benchmark(__doc__, measure, quick='five pictures', options={'--gpu': gpu}))
