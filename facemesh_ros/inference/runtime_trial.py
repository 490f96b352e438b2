"""Which runtime runs a model with less processor time here: both run it, in turn, for a moment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from facemesh_ros.catalog.models import entry_of
from facemesh_ros.inference.openvino_files import discard_compiled
from facemesh_ros.inference.providers import ExecutionProviderError, ProviderChoice
from facemesh_ros.inference.session import ModelSession, variant_for
from facemesh_ros.models.store import ModelStore
from facemesh_ros.types import Float32

# Both as execution providers; the first one is what every installation has.
USUAL, OTHER = 'cpu', 'openvino'
# The least time of so many runs counts: whatever else runs here only adds to it. A share that is
# further than CLEAR from the one that decides is believed after MIN_ROUNDS.
MIN_ROUNDS, MAX_ROUNDS, CLEAR = 4, 16, 0.1
# Largest difference of their outputs, as a share of the largest output: rounding is 1e-5.
SAME = 1e-3


@dataclass(frozen=True, slots=True)
class Trial:
    """Outcome of one.

    Attributes:
        processor_ms: Processor time of one run by each, ms; empty if there is a refusal.
        refusal: Why the other one is out of the question; empty if it was measured.
    """

    processor_ms: Mapping[str, float] = field(default_factory=dict)
    refusal: str = ''

    @property
    def share(self) -> float:
        """The other one's time as a share of the usual one's; infinite if it is refused."""
        return np.inf if self.refusal else self.processor_ms[OTHER] / self.processor_ms[USUAL]


def trial_from(content: Any) -> Trial | None:
    """Return the trial that `dataclasses.asdict` has made something of; None if it is not one."""
    try:
        trial = Trial(**content)
        times = {str(runtime): float(ms) for runtime, ms in trial.processor_ms.items()}
    except (TypeError, ValueError, AttributeError):
        return None
    is_whole = bool(trial.refusal) or {*times} == {USUAL, OTHER}
    return replace(trial, processor_ms=times) if is_whole else None


def try_runtimes(store: ModelStore, name: str, worth_it: float) -> Trial:
    """Open a model in both runtimes, compare their outputs and their times, and close them.

    Takes .1 to .6 s of processor time, most of it for OpenVINO to compile the model; where its
    share of the time is less than `worth_it`, that is kept.

    Raises:
        FacemeshError: If the model is missing or damaged.
    """
    usual, onnx = _open(store, name, USUAL)[0], b''
    try:
        other, onnx = _open(store, name, OTHER)
        trial = compare(usual, other, worth_it)
        other.release()
    except ExecutionProviderError as error:
        trial = Trial(refusal=str(error))
    usual.release()
    if onnx and trial.share >= worth_it:
        discard_compiled(onnx)
    return trial


def compare(usual: ModelSession, other: ModelSession, worth_it: float) -> Trial:
    """Run two sessions of one model until it is clear on which side of `worth_it` they are."""
    given = _input_of(usual.name)
    if not _is_same(usual, other, given):
        return Trial(refusal='its results are not those of ONNX Runtime')
    least = {USUAL: np.inf, OTHER: np.inf}
    for done in range(1, MAX_ROUNDS + 1):
        for runtime, session in ((USUAL, usual), (OTHER, other)):
            least[runtime] = min(least[runtime], _processor_ms(session, given))
        trial = Trial(least)
        if done >= MIN_ROUNDS and abs(trial.share - worth_it) >= CLEAR:
            break
    return trial


def _open(store: ModelStore, name: str, runtime: str) -> tuple[ModelSession, bytes]:
    choice = ProviderChoice(runtime)
    onnx = store.load(name, variant_for(name, choice))
    return ModelSession(onnx, choice), onnx


def _input_of(name: str) -> Float32:
    shape = entry_of(name).input_shape
    return np.random.default_rng(0).random((1, *shape), np.float32)


def _is_same(usual: ModelSession, other: ModelSession, given: Float32) -> bool:
    names = usual.output_names
    for expected, found in zip(usual.run(given, names), other.run(given, names), strict=True):
        if np.abs(found - expected).max() > SAME * max(1.0, float(np.abs(expected).max())):
            return False
    return True


def _processor_ms(session: ModelSession, given: Float32) -> float:
    """Return the processor time of a run; both runtimes run in the thread that asks."""
    start_ns = time.thread_time_ns()
    session.run(given)
    return (time.thread_time_ns() - start_ns) / 1e6
