"""One variant in a process of its own: after an illegal address CUDA works in it no more.

    python -m gpu_measurements.variant_process '{"scene": FOLDER, "model": "v2", "choice": {…}, …}'

Its first line says what runs, or `failed` and why. Then each line of its input, with a kind of
work, is answered by the durations and the error of a block of calls, or by `failed` and its end.
"""

from __future__ import annotations

import ctypes
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort
from gpu_measurements.child import Tell, choice_of, described, job, replies
from gpu_measurements.gpu_time import timed
from gpu_measurements.scene import Scene

from facemesh_ros.assembly.gpu_models import open_runner
from facemesh_ros.assembly.models import ModelNames, Models, build_models
from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.crop_model import GpuCropModel, GpuTensorModel
from facemesh_ros.inference.hardware import detect_nvidia_driver
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.nvidia_libraries import CUDNN
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.models.store import ModelStore
from facemesh_ros.thread_pool import NO_WORKERS
from facemesh_ros.types import Float32

IMAGES = 16
COMPARED = (0, 5, 10)
DETECTORS = ('short_range', 'full_range')
REPEATS = 10  # of a run between two events
# Two plain runs and the capture of a CUDA graph are all in the first call.
WARM_UP = 4


class OpenVariant:
    """The landmark model and the detectors as a variant runs them."""

    def __init__(self, model: str, choice: ProviderChoice, scene: Scene) -> None:
        """Open them; raises what ONNX Runtime says if they do not run."""
        self._model, self._scene = model, scene
        names = ModelNames(model, DETECTORS)
        runner, factory = open_runner(ModelStore(), choice, names, 1)
        self.sessions = factory.sessions
        _check_options(self.sessions, choice)
        self._runs = {name: timed(session) for name, session in self.sessions.items()}
        self._models: Models = build_models(
            names,
            self.sessions,
            lambda session, outputs: GpuCropModel(session, outputs, runner),
            lambda session: GpuTensorModel(session, runner),
            NO_WORKERS,
            runner,
        )
        self._warm: set[tuple[str, int]] = set()

    def block(
        self, model: str, faces: int, samples: int, reference: Path, writes: bool = False
    ) -> dict[str, Any]:
        """Time calls, then the GPU alone, then compare with the reference.

        Args:
            model: What to run.
            faces: On how many faces; a detector takes the whole image.
            samples: Number of timed calls.
            reference: File of true points.
            writes: Whether this variant is the truth, and writes the file if it is not there.
        """
        call = self._call(model, faces)
        if (model, faces) not in self._warm:
            for index in range(WARM_UP):
                call(index % IMAGES)
            self._warm.add((model, faces))
        wall_ms = []
        for index in range(samples):
            started = time.perf_counter()
            call(index % IMAGES)
            wall_ms.append(1e3 * (time.perf_counter() - started))
        gpu_ms = self._gpu_ms(model, call, max(samples // REPEATS, 2))
        # After many runs: what is wrong may be right at first.
        points = [call(index) for index in COMPARED]
        if writes and not reference.exists():
            _write(points, reference)
        return {'wall_ms': wall_ms, 'gpu_ms': gpu_ms, 'error_px': _error_px(points, reference)}

    def close(self) -> None:
        """Release the GPU."""
        self._models.close()

    def _call(self, model: str, faces: int) -> Callable[[int], Float32]:
        """Return what runs a model on a new image, by index, and gives points (N, 2 or 3)."""
        scene, models = self._scene, self._models
        if model == self._model:
            rois = [scene.faces(index, faces) for index in range(IMAGES)]
            predict = models.landmark_model.predict
            return lambda index: predict(scene.frame(index), rois[index]).points.reshape(-1, 3)
        detect = models.detectors[model].detect

        def corners(index: int) -> Float32:
            found = detect(scene.frame(index), 0.5)
            points = [found.boxes_xyxy.reshape(-1, 2), found.keypoints.reshape(-1, 2)]
            return np.concatenate(points)

        return corners

    def _gpu_ms(self, model: str, call: Callable[[int], Float32], calls: int) -> list[float]:
        runs = self._runs[model]
        runs.repeats, runs.times_ms = REPEATS, []
        try:
            for index in range(calls):
                call(index)
        finally:
            runs.repeats = 1
        if not runs.times_ms:
            raise RuntimeError(f'{model} was run, but not through the session that is timed')
        return runs.times_ms


def _check_options(sessions: Mapping[str, ModelSession], choice: ProviderChoice) -> None:
    """Raise ValueError if a session runs with other options than the variant is named for."""
    for name, session in sessions.items():
        options = session.session.get_provider_options().get(session.provider, {})
        for option, value in choice.cuda_options:
            if options.get(option) != value:
                text = f'{name} runs with {option}={options.get(option)}, not {value} as asked'
                raise ValueError(text)


def _write(points: list[Float32], reference: Path) -> None:
    counts = np.array([len(each) for each in points])
    np.savez(reference, points=np.concatenate(points), counts=counts)


def _error_px(points: list[Float32], reference: Path) -> tuple[float, float] | None:
    """Return 95th percentile and largest distance from the reference's points, px.

    Raises:
        ValueError: If it has another number of points, or some are not finite.
    """
    counts, ours = [len(each) for each in points], np.concatenate(points)
    if not np.isfinite(ours).all():
        raise ValueError('its results are not finite')
    if not reference.exists():
        return None
    with np.load(reference) as stored:
        if counts != stored['counts'].tolist():
            raise ValueError(f'it finds {counts} points where {stored["counts"].tolist()} are')
        distances = np.linalg.norm(ours - stored['points'], axis=1)
    return float(np.percentile(distances, 95)), float(distances.max(initial=0))


def _explained(error: Exception, model: str, choice: ProviderChoice) -> str:
    """Return why nothing opens; the loader knows the remedies of what it knows."""
    try:
        load_session(ModelStore(), model, choice)
    except FacemeshError as known:
        return described(known)
    return described(error)


def _facts(variant: OpenVariant) -> dict[str, Any]:
    gpus = detect_nvidia_driver().gpus
    versions = {
        'Python': '.'.join(map(str, sys.version_info[:3])),
        'onnxruntime': ort.__version__,
        'built for CUDA': getattr(ort, 'cuda_version', '') or 'none',
        'cuDNN': _cudnn_version(),
        'numpy': np.__version__,
        'opencv': cv2.__version__,
    }
    nodes = {name: session.placement for name, session in variant.sessions.items()}
    return {'gpus': [str(gpu.name) for gpu in gpus], 'versions': versions, 'nodes': nodes}


def _cudnn_version() -> str:
    try:
        number = int(ctypes.CDLL(CUDNN).cudnnGetVersion())
    except (OSError, AttributeError):
        return 'none'
    return f'{number // 10000}.{number // 100 % 100}.{number % 100}'


def main(tell: Tell) -> None:
    """Open the variant and answer requests until the input ends."""
    what = job()
    choice = choice_of(what)
    started = time.perf_counter()
    try:
        variant = OpenVariant(what['model'], choice, Scene.load(Path(what['scene']), IMAGES))
        variant.block(what['model'], 1, 1, Path('none'))
    except Exception as error:  # ONNX Runtime's have no common base
        tell({'failed': _explained(error, what['model'], choice)})
        return
    tell({'opened_s': time.perf_counter() - started, **_facts(variant)})
    try:
        for line in sys.stdin:
            request = json.loads(line)
            tell(variant.block(**{**request, 'reference': Path(request['reference'])}))
    except Exception as error:  # as above
        tell({'failed': described(error)})
    variant.close()


if __name__ == '__main__':
    main(replies())
