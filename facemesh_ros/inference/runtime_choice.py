"""The quickest runtime for each model on this CPU, measured once and remembered.

`runtimes.json` in the cache folder holds the outcomes, for each processor and the releases of
both runtimes.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import entry_of
from facemesh_ros.inference.cache_folder import FOLDER_VARIABLE, default_folder
from facemesh_ros.inference.hardware import processor_name
from facemesh_ros.inference.onnx_runtime import ort
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.runtime_trial import OTHER, USUAL, Trial, trial_from
from facemesh_ros.inference.trial_process import NoTrialError, try_in_process
from facemesh_ros.models.files import locked, write_atomically
from facemesh_ros.models.store import ModelStore

_TITLES = {'cpu': 'ONNX Runtime', 'openvino': 'OpenVINO'}
# OpenVINO costs a process memory (50 MB) and a moment at each start. So a landmark model, which
# runs for every image, brings it only where it takes less than this share of ONNX Runtime's time.
# Where it is there, other models take what is quicker, with a margin for noise.
WORTH_IT, QUICKER = 0.9, 0.97
_LOG = logging.getLogger(__name__)
# Of this process, so that a model is run by the same one in all of its sensors.
_decided: dict[tuple[str, str, float], RuntimeChoice] = {}
_deciding = Lock()


@dataclass(frozen=True, slots=True)
class RuntimeChoice:
    """What runs a model.

    Attributes:
        execution_provider: Its name as a setting, cpu or openvino.
        reason: For people; empty where there is only one.
    """

    execution_provider: str
    reason: str = ''


def quickest_runtime(store: ModelStore, name: str, landmark_model: str = '') -> RuntimeChoice:
    """Return which of the installed runtimes is to run a model: the one with less processor time.

    OpenVINO comes into a process for the landmark model alone; only where that one takes it, other
    models are tried.

    Args:
        store: The model files.
        name: The model.
        landmark_model: The landmark model beside it; empty if this model is used alone.

    Raises:
        FacemeshError: If a model is missing or damaged.
    """
    if not openvino_version():
        return RuntimeChoice(USUAL)
    if landmark_model in ('', name):
        return _decide(store, name, WORTH_IT)
    if _decide(store, landmark_model, WORTH_IT).execution_provider == USUAL:
        return RuntimeChoice(
            USUAL, f'OpenVINO was not tried: it does not run {landmark_model}, and costs memory'
        )
    return _decide(store, name, QUICKER)


def forget_choices() -> None:
    """Read what is remembered anew; models that are open stay with what runs them."""
    with _deciding:
        _decided.clear()


def _decide(store: ModelStore, name: str, worth_it: float) -> RuntimeChoice:
    machine, model = _machine(), _model(store, name)
    place = machine, model, worth_it
    with _deciding:
        if place not in _decided:
            _decided[place] = _remembered_or_tried(store, name, *place)
        return _decided[place]


def _machine() -> str:
    return f'{processor_name()} onnxruntime-{ort.__version__} openvino-{openvino_version()}'


def _model(store: ModelStore, name: str) -> str:
    """Return the name and the files that the runtimes get."""
    record, entry = store.records().get(name), entry_of(name)
    files = record.files if record else {}
    hashes = [files.get(entry.file_name(it), '')[:12] for it in (Variant.CPU, Variant.PLAIN)]
    return ' '.join([name, *hashes])


def _remembered_or_tried(
    store: ModelStore, name: str, machine: str, model: str, worth_it: float
) -> RuntimeChoice:
    try:
        path = default_folder() / 'runtimes.json'
        trial = _known(path, machine, model)
        if trial is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked(path.with_suffix('.lock'), exclusive=True):
                # Another process may have made it meanwhile.
                trial = _known(path, machine, model) or try_in_process(store, name, worth_it)
                _write(path, machine, model, trial)
        return _choice(trial, worth_it, path)
    except NoTrialError as error:
        return RuntimeChoice(USUAL, f'OpenVINO was not tried: {error}; the next start tries it')
    except OSError as error:
        _LOG.warning(
            'which runtime is the quickest on this processor is not measured, as it cannot be '
            'kept (%s: %s); ONNX Runtime runs %s; set $%s to a folder that can be written',
            error.filename, error.strerror, name, FOLDER_VARIABLE
        )  # fmt: skip
        return RuntimeChoice(USUAL, 'not measured, as it could not be kept')


def _known(path: Path, machine: str, model: str) -> Trial | None:
    return trial_from(_read(path).get(machine, {}).get(model))


def _choice(trial: Trial, worth_it: float, path: Path) -> RuntimeChoice:
    if trial.refusal:
        return RuntimeChoice(
            USUAL, f'OpenVINO is not used: {trial.refusal}; remove {path} to try it again'
        )
    times = ', '.join(f'{_TITLES[it]} {ms:.2f} ms' for it, ms in trial.processor_ms.items())
    return RuntimeChoice(
        OTHER if trial.share < worth_it else USUAL, f'processor time measured here: {times}'
    )


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(path.read_text('utf-8'))
        return {machine: dict(models) for machine, models in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # not there yet, or damaged: measured anew


def _write(path: Path, machine: str, model: str, trial: Trial) -> None:
    content = _read(path)
    content.setdefault(machine, {})[model] = asdict(trial)
    write_atomically(path, (json.dumps(content, indent=1) + '\n').encode())
