"""The launch file's arguments are all in the README, on machines without ROS too."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def declared() -> list[str]:
    tree = ast.parse((ROOT / 'launch' / 'facemesh.launch.py').read_text())
    (arguments,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == 'ARGUMENTS'
    )
    return [ast.literal_eval(key) for key in arguments.keys]


def test_the_readme_names_each_argument():
    (paragraph,) = re.findall(
        r'^Launch arguments .*?(?:\n\n)',
        (ROOT / 'README.md').read_text(),
        re.DOTALL | re.MULTILINE,
    )
    missing = [name for name in declared() if f'`{name}`' not in paragraph]
    assert not missing
    assert 'depth_topic' in declared()
