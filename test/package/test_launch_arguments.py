"""The launch file's arguments are all in the README, on machines without ROS too."""

import ast
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def literal(file: str, name: str) -> Any:
    """Return a constant of a module that cannot be imported without ROS, or its keys."""
    (value,) = (
        node.value
        for node in ast.parse((ROOT / file).read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    )
    keys = value.keys if isinstance(value, ast.Dict) else value.elts
    return [ast.literal_eval(key) for key in keys]


ARGUMENTS = [
    *literal('launch/facemesh.launch.py', 'ARGUMENTS'),
    *literal('facemesh_ros/ros/launch_arguments.py', 'PARAMETERS'),
]
SOURCES = literal('launch/demo.launch.py', 'SOURCES')


def test_readme_and_docs_name_each_argument():
    (paragraph,) = re.findall(
        r'^Launch arguments .*?(?:\n\n)',
        (ROOT / 'README.md').read_text(),
        re.DOTALL | re.MULTILINE,
    )
    rows = re.findall(r'^\| `(\w+)` \|', (ROOT / 'docs' / 'launch.md').read_text(), re.MULTILINE)
    assert [name for name in ARGUMENTS + SOURCES if f'`{name}`' not in paragraph] == []
    assert rows == SOURCES + ARGUMENTS
    assert {'depth_topic', 'max_faces', 'camera'} <= {*rows}
