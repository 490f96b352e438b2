"""The quickest runtime for each model on this CPU, measured once and remembered.

`runtimes.json` in the cache folder holds the outcomes, for each processor and the releases of both
runtimes. A trial that ends the process leaves its mark there, and is not repeated.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import entry_of
from facemesh_ros.inference.cache_folder import FOLDER_VARIABLE, default_folder
from facemesh_ros.inference.hardware import processor_name
from facemesh_ros.inference.onnx_runtime import ort
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.runtime_trial import USUAL, Trial, try_runtimes
from facemesh_ros.models.files import locked, write_atomically
from facemesh_ros.models.store import ModelStore

_TITLES = {'cpu': 'ONNX Runtime', 'openvino': 'OpenVINO'}
_TRYING = {'trying': True}
_LOG = logging.getLogger(__name__)
# Of this process, so that a model is run by the same one in all of its sensors.
_decided: dict[tuple[str, str], RuntimeChoice] = {}
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


def quickest_runtime(store: ModelStore, name: str) -> RuntimeChoice:
    """Return which of the installed runtimes runs a model with the least processor time.

    Raises:
        FacemeshError: If the model is missing or damaged.
    """
    if not openvino_version():
        return RuntimeChoice(USUAL)
    place = _machine(), _model(store, name)
    with _deciding:
        if place not in _decided:
            _decided[place] = _remembered_or_tried(store, name, *place)
        return _decided[place]


def forget_choices() -> None:
    """Read what is remembered anew; models that are open stay with what runs them."""
    with _deciding:
        _decided.clear()


def _machine() -> str:
    return f'{processor_name()} onnxruntime-{ort.__version__} openvino-{openvino_version()}'


def _model(store: ModelStore, name: str) -> str:
    """Return the name and the files that the runtimes get."""
    record, entry = store.records().get(name), entry_of(name)
    files = record.files if record else {}
    hashes = [files.get(entry.file_name(it), '')[:12] for it in (Variant.CPU, Variant.PLAIN)]
    return ' '.join([name, *hashes])


def _remembered_or_tried(store: ModelStore, name: str, machine: str, model: str) -> RuntimeChoice:
    try:
        path = default_folder() / 'runtimes.json'
        return _choice(_outcome(path, store, name, machine, model), path)
    except OSError as error:
        _LOG.warning(
            'which runtime is the quickest on this processor is not measured, as it cannot be '
            'kept (%s: %s); ONNX Runtime runs %s; set $%s to a folder that can be written',
            error.filename, error.strerror, name, FOLDER_VARIABLE
        )  # fmt: skip
        return RuntimeChoice(USUAL, 'not measured, as it could not be kept')


def _outcome(path: Path, store: ModelStore, name: str, machine: str, model: str) -> Trial | None:
    """Return what is remembered, or found now; None if a trial ended its process."""
    known = _known(path, machine, model)
    if isinstance(known, Trial):
        return known
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_suffix('.lock'), exclusive=True):
        known = _known(path, machine, model)
        if known:  # another process has ended its trial, or has not survived it
            return known if isinstance(known, Trial) else None
        _write(path, machine, model, _TRYING)
        try:
            trial = try_runtimes(store, name)
        except BaseException:
            _write(path, machine, model, None)
            raise
        _write(path, machine, model, asdict(trial))
        return trial


def _known(path: Path, machine: str, model: str) -> Trial | dict[str, Any] | None:
    """Return a trial, the mark of one that has begun, or None; what is neither counts as none."""
    content: Any = _read(path).get(machine, {}).get(model)
    if content == _TRYING:
        return _TRYING
    try:
        trial = Trial(**content)
        times = {str(runtime): float(ms) for runtime, ms in trial.processor_ms.items()}
    except (TypeError, ValueError, AttributeError):
        return None
    is_known = {trial.execution_provider, *times} <= {*_TITLES}
    return replace(trial, processor_ms=times) if is_known else None


def _choice(trial: Trial | None, path: Path) -> RuntimeChoice:
    if trial is None:
        return RuntimeChoice(
            USUAL, f'OpenVINO ended the process when it was tried; remove {path} to try it again'
        )
    if trial.refusal:
        return RuntimeChoice(USUAL, f'OpenVINO is not used: {trial.refusal}')
    times = ', '.join(f'{_TITLES[it]} {ms:.2f} ms' for it, ms in trial.processor_ms.items())
    return RuntimeChoice(trial.execution_provider, f'processor time measured here: {times}')


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(path.read_text('utf-8'))
        return {machine: dict(models) for machine, models in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # not there yet, or damaged: measured anew


def _write(path: Path, machine: str, model: str, outcome: dict[str, Any] | None) -> None:
    content = _read(path)
    models = content.setdefault(machine, {})
    models.pop(model, None)
    if outcome is not None:
        models[model] = outcome
    write_atomically(path, (json.dumps(content, indent=1) + '\n').encode())
