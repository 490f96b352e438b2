"""What the package's files import, and which of it no dependency in package.xml brings."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from pathlib import Path

# Of these rosdep knows nothing; requirements.txt brings those that a robot needs.
WITHOUT_ROSDEP_KEY = {'ai_edge_litert', 'onnx', 'openvino', 'skimage', 'tflite'}
FROM_PIP = {'onnx', 'openvino', 'tflite'}
# The node does without; not all of them are released for every distribution.
OPTIONAL = {'foxglove_msgs', 'hri_msgs', 'vision_msgs'}
# Imported by one option of a command when it is given: extras of the wheel.
EXTRAS = {'distributed'}


def modules_imported_by(files: Iterable[Path]) -> set[str]:
    """Return the top-level modules that are neither Python's own nor this package's."""
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) if not node.level]
    tops = {name.partition('.')[0] for name in names}
    return tops - sys.stdlib_module_names - {'facemesh_ros'}
