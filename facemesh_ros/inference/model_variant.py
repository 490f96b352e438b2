"""Which form of a model file a provider likes."""

from __future__ import annotations

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import entry_of
from facemesh_ros.inference.providers import CPU, ProviderChoice


def variant_for(name: str, choice: ProviderChoice) -> Variant:
    """Return the flavour of a model for what is to run it."""
    if choice.wanted == CPU:
        return Variant.CPU
    half = choice.precision == 'fp16' and Variant.HALF in entry_of(name).variants
    return Variant.HALF if half else Variant.PLAIN
