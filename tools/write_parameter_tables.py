"""Write config/facemesh.yaml and the README's table of parameters from what the code declares.

./run shell -c 'python tools/write_parameter_tables.py'
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from facemesh_ros.ros.parameters import NodeSettings
from facemesh_ros.settings.parameter_specs import ParameterSpec, Value, parameter_specs
from facemesh_ros.settings.pipeline import PipelineSettings, SensorSettings

ROOT = Path(__file__).parents[1]
YAML, README = ROOT / 'config' / 'facemesh.yaml', ROOT / 'README.md'
WIDTH = 100
HEAD = """\
# Every parameter of the node facemesh, with its default. "Live" ones can be changed while the node
# runs (ros2 param set /facemesh NAME VALUE); the others are read at start.
# Written by tools/write_parameter_tables.py.
/**:
  ros__parameters:
"""
TABLE = re.compile(r'(?<=^\| parameter \| default \| live \| meaning \|\n)(\|.*\n)+', re.MULTILINE)
PLACEHOLDER = re.compile(r'[\w/]*<\w+>[\w/]*')


def yaml_text() -> str:
    """Return the file of all parameters, a blank line between the groups of settings."""
    groups: list[str] = []
    written: set[str] = set()
    for settings in (PipelineSettings, SensorSettings, NodeSettings):
        specs = parameter_specs(settings)
        groups.append(
            ''.join(_yaml_entry(name, *specs[name]) for name in specs if name not in written)
        )
        written |= specs.keys()
    return HEAD + '\n'.join(groups)


def _yaml_entry(name: str, default: Value, spec: ParameterSpec) -> str:
    live = '' if spec.read_only else ' Live.'
    allowed = ' | '.join(spec.choices) or _range(spec)
    comment = textwrap.fill(
        _sentence(spec.text, allowed) + live,
        WIDTH,
        initial_indent='    # ',
        subsequent_indent='    # ',
        break_on_hyphens=False,
        break_long_words=False,
    )
    return f'{comment}\n    {name}: {_yaml_value(default)}\n'


def _yaml_value(value: Value) -> str:
    if isinstance(value, tuple):
        return f'[{", ".join(value)}]'
    return '""' if value == '' else str(value).lower() if isinstance(value, bool) else str(value)


def readme_table() -> str:
    """Return the rows under the table's head."""
    rows = ['|---|---|---|---|\n']
    for name, (default, spec) in parameter_specs(NodeSettings).items():
        allowed = ', '.join(f'`{choice}`' for choice in spec.choices) or _range(spec)
        text = PLACEHOLDER.sub(r'`\g<0>`', _sentence(spec.text, allowed).rstrip('.'))
        live = '' if spec.read_only else ' yes'
        rows.append(f'| `{name}` | `{_yaml_value(default)}` |{live} | {text} |\n')
    return ''.join(rows)


def _sentence(text: str, allowed: str) -> str:
    return f'{text.rstrip(".")} ({allowed}).' if allowed else text


def _range(spec: ParameterSpec) -> str:
    if spec.low is None or spec.high is None:
        return ''
    return f'{spec.low:g} to {spec.high:g}'


def main() -> None:
    """Write both."""
    YAML.write_text(yaml_text())
    text, count = TABLE.subn(lambda _: readme_table(), README.read_text())
    if count != 1:
        raise SystemExit(f'{README} has no table of parameters')
    README.write_text(text)


if __name__ == '__main__':
    main()
