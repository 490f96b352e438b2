"""The models of a sensor with crops made on the CPU; their sessions may run on any provider."""

from __future__ import annotations

from facemesh_ros.assembly.models import ModelNames, Models, build_models
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.inference.hardware import usable_cores
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.providers import GPU_PROVIDERS
from facemesh_ros.thread_pool import ThreadPool


def load_cpu_models(loader: ModelLoader, names: ModelNames) -> Models:
    """Open the models, run each once, and build their stages.

    Args:
        loader: Opens them, and reports what runs them.
        names: The models.

    Raises:
        FacemeshError: If a model is missing or damaged, or the provider does not run.
    """
    loader.build_engines(names.all)
    sessions = {name: loader.open(name) for name in names.all}
    # A CPU gains nothing from batches, whose layers do not stay in its cache (measured), but its
    # other cores can run some of the crops.
    on_cpu = sessions[names.landmarks].provider not in GPU_PROVIDERS
    pool = ThreadPool(usable_cores() - 1 if on_cpu else 0)
    limit = 1 if on_cpu else None
    return build_models(
        names,
        sessions,
        lambda session, outputs: CpuCropModel(session, outputs, batch_limit=limit, pool=pool),
        lambda session: session,
        pool,
    )
