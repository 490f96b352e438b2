"""Which form of a model file a provider likes."""

from __future__ import annotations

from facemesh_ros.core.providers import CPU, ProviderChoice
from facemesh_ros.models.catalog import entry_of
from facemesh_ros.models.flavour import Flavour


def flavour_for(name: str, choice: ProviderChoice) -> Flavour:
    """Return the flavour of a model for what is to run it."""
    if choice.wanted == CPU:
        return Flavour.CPU
    half = choice.precision == 'fp16' and Flavour.HALF in entry_of(name).flavours
    return Flavour.HALF if half else Flavour.PLAIN
