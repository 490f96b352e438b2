"""Command-line options that are settings: same defaults, ranges and texts as the parameters."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from facemesh_ros.settings.parameter_specs import SettingsError, parameter_specs
from facemesh_ros.settings.pipeline import SensorSettings


def add_settings(parser: argparse._ActionsContainer, options: Mapping[str, str]) -> None:
    """Add an option for each of some settings, given as option by setting."""
    for name, (default, known) in parameter_specs(SensorSettings).items():
        if name not in options:
            continue
        values = ', '.join(known.choices) or f'{known.low:g} to {known.high:g}'
        parser.add_argument(
            options[name],
            dest=name,
            type=type(default),
            default=default,
            metavar='NAME' if known.choices else 'N',
            help=f'{values} (default: {default}). {known.text}',
        )


def chosen_settings(arguments: argparse.Namespace, options: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that were chosen; raises SettingsError that names the option."""
    chosen = {name: getattr(arguments, name) for name in options}
    for name, value in chosen.items():
        try:
            SensorSettings(**{name: value})
        except SettingsError as error:
            raise SettingsError(options[name] + str(error).removeprefix(name)) from error
    return chosen
