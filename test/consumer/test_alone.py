"""The module is for nodes that have nothing of this one but its messages."""

import subprocess
import sys

SCRIPT = """
import sys
before = {name.partition('.')[0] for name in sys.modules}
import facemesh_ros.consumer
tops = {name.partition('.')[0] for name in sys.modules} - before
print(*sorted(tops - sys.stdlib_module_names))
"""


def test_importing_it_brings_numpy_and_nothing_else():
    said = subprocess.run(
        [sys.executable, '-c', SCRIPT], check=True, capture_output=True, text=True
    )
    assert set(said.stdout.split()) <= {'facemesh_ros', 'numpy'}
