"""Tunables: one documented dataclass field declares default, range and text.

The ROS shell declares a parameter from each field, the YAML file and the README table are tested
against them, and the command line reads its defaults there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from operator import attrgetter
from typing import Any, TypeVar, cast

from facemesh_ros.errors import FacemeshError

Value = bool | int | float | str | tuple[str, ...]
Settings = TypeVar('Settings')


class SettingsError(FacemeshError):
    """A setting outside its range or choices; the text names them."""


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """What is known of one tunable besides its default.

    Attributes:
        text: One sentence for people.
        low: Smallest allowed value, None if unbounded.
        high: Largest allowed value, None if unbounded.
        choices: Allowed values of a string, empty if free.
        read_only: Whether a change needs a new start.
    """

    text: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    read_only: bool


def parameter(
    default: Value,
    text: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    read_only: bool = False,
) -> Any:
    """Declare a dataclass field that is also a ROS parameter; see `ParameterSpec`."""
    return field(
        default=default, metadata={'parameter': ParameterSpec(text, low, high, choices, read_only)}
    )


def parameter_specs(settings: type) -> dict[str, tuple[Value, ParameterSpec]]:
    """Return default and `ParameterSpec` of each tunable field of a dataclass, by name.

    Fields that hold settings themselves count too: `filter.type`.
    """
    known: dict[str, tuple[Value, ParameterSpec]] = {}
    for item in fields(settings):
        if 'parameter' in item.metadata:
            known[item.name] = cast(Value, item.default), item.metadata['parameter']
        elif isinstance(item.default_factory, type) and is_dataclass(item.default_factory):
            for name, one in parameter_specs(item.default_factory).items():
                known[f'{item.name}.{name}'] = one
    return known


def parameter_value(settings: Any, name: str) -> Value:
    """Return the value of a tunable, named as `parameter_specs` does."""
    return cast(Value, attrgetter(name)(settings))


def replace_parameters(settings: Settings, changes: Mapping[str, Value]) -> Settings:
    """Return settings with some tunables changed, named as `parameter_specs` does.

    Raises:
        SettingsError: If a value is outside its range or choices.
    """
    own: dict[str, Any] = {}
    for name, value in changes.items():
        group, dot, inner = name.partition('.')
        if dot:
            own[group] = replace_parameters(
                own.get(group, getattr(settings, group)), {inner: value}
            )
        else:
            own[name] = value
    return replace(cast(Any, settings), **own)  # type: ignore[no-any-return]


def check_settings(settings: Any, group: str = '') -> None:
    """Raise SettingsError if a tunable of a settings dataclass is outside its range or choices.

    Args:
        settings: The dataclass; settings that it holds have checked themselves.
        group: How the field is called that holds it, with a dot; empty if none does.
    """
    for item in fields(settings):
        if 'parameter' not in item.metadata:
            continue
        known, value = item.metadata['parameter'], getattr(settings, item.name)
        name = group + item.name
        if known.choices and value not in known.choices:
            raise SettingsError(f'{name} must be one of {", ".join(known.choices)}; got {value!r}')
        if known.low is not None and not value >= known.low:
            raise SettingsError(f'{name} must be at least {known.low:g}; got {value!r}')
        if known.high is not None and not value <= known.high:
            raise SettingsError(f'{name} must be at most {known.high:g}; got {value!r}')
