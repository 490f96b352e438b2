"""The models of a sensor on a GPU: whole images are uploaded, and all models run one by one."""

from __future__ import annotations

import time

import numpy as np

from facemesh_ros.assembly.models import ModelNames, Models, build_models, stage_of
from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.inference.crop_model import GpuCropModel, GpuTensorModel
from facemesh_ros.inference.gpu.batch_worker import BatchWorker
from facemesh_ros.inference.gpu.bound_batches import DTYPES, SIZES, size_for
from facemesh_ros.inference.gpu.direct_runner import DirectRunner
from facemesh_ros.inference.gpu.executor import LAYOUT
from facemesh_ros.inference.gpu.executor_factory import GpuExecutorFactory
from facemesh_ros.inference.gpu.runner import GpuRunner
from facemesh_ros.inference.gpu.sampling_inputs import Inputs
from facemesh_ros.inference.gpu_faults import is_onnxruntime_error
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.providers import ExecutionProviderError, ProviderChoice
from facemesh_ros.inference.session import ModelSession, variant_for
from facemesh_ros.models.store import ModelStore
from facemesh_ros.thread_pool import NO_WORKERS, ThreadPool
from facemesh_ros.types import Frame, PixelOrder


def load_gpu_models(
    store: ModelStore, loader: ModelLoader, names: ModelNames, *, faces: int, streams: int
) -> Models:
    """Open the models, run each at all batch sizes that will come, and build their stages.

    Args:
        store: The files.
        loader: Knows the provider: CUDA; the CPU too, which is slow so and good for tests only.
            Gets the models into its report.
        names: The models.
        faces: Most faces of a stream.
        streams: How many images may be processed at once.

    Raises:
        FacemeshError: If a model is missing, or the GPU does not run it.
    """
    runner, factory = open_runner(store, loader.choice, names, streams)
    sessions = factory.sessions
    # A window around a lost face comes on top of those that are due.
    most = {
        name: (detector_spec(name).max_runs_per_image + 1) * streams for name in names.detectors
    }

    def warm_up() -> dict[str, float]:
        # After a failure the factory has other sessions.
        return {
            name: _warm_up(runner, session, most.get(name, faces * streams))
            for name, session in factory.sessions.items()
        }

    try:
        first_ms = warm_up()
        for name, session in sessions.items():
            opened_ms = factory.opened_ms[name]
            loader.accept(name, session, opened_ms=opened_ms, first_ms=first_ms[name])
        shared = streams > 1
        return build_models(
            names,
            sessions,
            lambda session, outputs: GpuCropModel(session, outputs, runner),
            lambda session: GpuTensorModel(session, runner),
            # A stream's detector and landmark model ask at once, one of them in a thread of these.
            ThreadPool(streams) if shared else NO_WORKERS,
            runner,
            # What runs requests where they come from has not run in the streams' threads yet.
            (lambda: None) if shared else warm_up,
        )
    except BaseException:
        runner.close()
        raise


def open_runner(
    store: ModelStore, choice: ProviderChoice, names: ModelNames, streams: int
) -> tuple[GpuRunner, GpuExecutorFactory]:
    """Open the models; returns what runs them, and the factory with their sessions.

    A single stream's requests run in its own thread, those of several streams share batches.
    """
    files = {
        name: store.load(name, variant_for(name, choice, takes_images=True)) for name in names.all
    }
    outputs = {name: stage_of(name).OUTPUTS for name in names.all}
    factory = GpuExecutorFactory(files, outputs, choice, images=streams + 1)
    return (BatchWorker if streams > 1 else DirectRunner)(factory), factory


def _warm_up(runner: GpuRunner, session: ModelSession, crops: int) -> float:
    """Run a model at each batch size up to that of so many crops, the largest first.

    The first run of a size takes memory, chooses algorithms and captures its CUDA graph.

    Returns:
        How long the first run took, ms.

    Raises:
        ExecutionProviderError: If the GPU does not run it.
    """
    grey = Frame(np.full((240, 320), 128, np.uint8), PixelOrder.MONO)
    largest = size_for(min(crops, SIZES[-1]))
    durations_ms = []
    for size in reversed([size for size in SIZES if size <= largest]):
        start_s = time.perf_counter()
        try:
            runner.run(session.name, grey, _zeros(session, size))
        except Exception as error:
            if not is_onnxruntime_error(error):
                raise
            raise ExecutionProviderError(
                f'the GPU does not run {session.name}: {error}'
            ) from error
        durations_ms.append(1e3 * (time.perf_counter() - start_s))
    return durations_ms[0]


def _zeros(session: ModelSession, count: int) -> Inputs:
    """Return inputs of so many crops, all zero."""
    return {
        item.name: np.zeros((count, *item.shape[1:]), DTYPES[item.type])
        for item in session.session.get_inputs()
        if item.name not in LAYOUT
    }
