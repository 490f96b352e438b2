"""The arguments of the launch files, which are read but not run: that takes ROS."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from facemesh_ros.ros.launch_arguments import PARAMETERS, described
from reference.markdown import block, code, page, table, text

_INTRODUCTION = """\
`ros2 launch facemesh_ros FILE ARGUMENT:=VALUE …`; `--show-args` prints the same. How they work
together, composition, and files of parameters: [Launch files](../launch.md)."""
_HEAD = ('argument', 'meaning')


def launch_page(folder: Path) -> str:
    """Return the page of both launch files."""
    node, demo = folder / 'facemesh.launch.py', folder / 'demo.launch.py'
    arguments = [(name, *value) for name, value in _constant(node, 'ARGUMENTS').items()]
    parameters = [(name, '', described(name)[0]) for name in PARAMETERS]
    sources = [(name, '', value) for name, value in _constant(demo, 'SOURCES').items()]
    return page(
        'Launch arguments',
        _INTRODUCTION,
        _section(node, arguments + parameters),
        _section(demo, sources),
    )


def _section(file: Path, arguments: list[tuple[str, str, str]]) -> str:
    said = ast.get_docstring(ast.parse(file.read_text(encoding='utf-8'))) or ''
    rows = [
        (code(name), text(meaning) + (f' Default: {code(default)}.' if default else ''))
        for name, default, meaning in arguments
    ]
    title = f'## {file.name}\n'
    first, _, rest = said.partition('\n\n')
    commands, _, more = rest.partition('\n\n')
    parts = (title, text(first) + '\n', block(commands, 'bash'), text(more) + '\n')
    return '\n'.join((*parts, table(_HEAD, rows)))


def _constant(file: Path, name: str) -> dict[str, Any]:
    """Return a dictionary of a module; a path that launch puts together as text."""
    for node in ast.parse(file.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return dict(ast.literal_eval(_PathsAsText().visit(node.value)))
    raise ValueError(f'{file} has no {name}')


class _PathsAsText(ast.NodeTransformer):
    """Turns `PathJoinSubstitution([SHARE, 'config', 'x'])` into 'share/facemesh_ros/config/x'."""

    def visit_Call(self, node: ast.Call) -> ast.Constant:
        parts = ast.unparse(node.args[0]).strip('[]').split(', ')
        joined = '/'.join(part.strip('\'"') for part in parts)
        return ast.Constant(joined.replace('SHARE', 'share/facemesh_ros'))
