"""What setup.py and requirements.txt ask pip for."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def _setup(keyword: str) -> Any:
    tree = ast.parse((ROOT / 'setup.py').read_text(encoding='utf-8'))
    (value,) = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == keyword
    )
    return ast.literal_eval(value)


def extras() -> dict[str, list[str]]:
    """Return the packages of each extra of setup.py."""
    return dict(_setup('extras_require'))


def requirements() -> set[str]:
    """Return the names of all packages that setup.py and requirements.txt name."""
    lines = (ROOT / 'requirements.txt').read_text(encoding='utf-8').splitlines()
    optional = [name for names in extras().values() for name in names]
    named = [*_setup('install_requires'), *optional, *lines]
    return {re.split(r'[<>=!~;\[ ]', name)[0] for name in named if name[:1].isalpha()}
