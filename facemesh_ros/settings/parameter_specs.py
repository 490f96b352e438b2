"""Parameter specs: one documented dataclass field declares default, range and text.

The node declares a ROS parameter from each field, tools/write_parameter_tables.py writes the YAML
file and the README's table from them, and the command line and the launch file read them too.
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
    """Text, range and choices of one parameter.

    Attributes:
        text: One sentence of documentation.
        low: Smallest allowed value, None if unbounded.
        high: Largest allowed value, None if unbounded.
        choices: Allowed values of a string, empty if free.
        constraints: What else is allowed, in words; empty if all that is said above.
        read_only: Whether a change needs a restart.
    """

    text: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    constraints: str
    read_only: bool


def parameter(
    default: Value,
    text: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    constraints: str = '',
    read_only: bool = False,
) -> Any:
    """Declare a dataclass field that is also a ROS parameter; see `ParameterSpec`."""
    spec = ParameterSpec(text, low, high, choices, constraints, read_only)
    return field(default=default, metadata={'parameter': spec})


def parameter_specs(settings: type) -> dict[str, tuple[Value, ParameterSpec]]:
    """Return default and `ParameterSpec` of each parameter of a settings dataclass, by name.

    Nested settings count too, as `filter.type`.
    """
    specs: dict[str, tuple[Value, ParameterSpec]] = {}
    for item in fields(settings):
        if 'parameter' in item.metadata:
            specs[item.name] = cast(Value, item.default), item.metadata['parameter']
        elif isinstance(item.default_factory, type) and is_dataclass(item.default_factory):
            for name, spec in parameter_specs(item.default_factory).items():
                specs[f'{item.name}.{name}'] = spec
    return specs


def parameter_value(settings: Any, name: str) -> Value:
    """Return the value of a parameter, named as `parameter_specs` does."""
    return cast(Value, attrgetter(name)(settings))


def replace_parameters(settings: Settings, changes: Mapping[str, Value]) -> Settings:
    """Return settings with some parameters changed, named as `parameter_specs` does.

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
    """Raise SettingsError if a parameter of a settings dataclass is outside its range or choices.

    Args:
        settings: The dataclass; nested settings have checked themselves.
        group: Name of the field that holds it, with a dot; empty if none does.
    """
    for item in fields(settings):
        if 'parameter' not in item.metadata:
            continue
        spec, value = item.metadata['parameter'], getattr(settings, item.name)
        name = group + item.name
        if spec.choices and value not in spec.choices:
            raise SettingsError(f'{name} must be one of {", ".join(spec.choices)}; got {value!r}')
        if spec.low is not None and not value >= spec.low:
            raise SettingsError(f'{name} must be at least {spec.low:g}; got {value!r}')
        if spec.high is not None and not value <= spec.high:
            raise SettingsError(f'{name} must be at most {spec.high:g}; got {value!r}')
