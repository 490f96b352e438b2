"""Provision the model files by the package's own command."""

from __future__ import annotations

import subprocess
import sys

from workspace.environment import environment
from workspace.layout import Distro, SetupError


def fetch_models(distro: Distro) -> None:
    """Run `facemesh models fetch`, which is quick when the node has what it needs.

    Raises:
        SetupError: If it fails; it has said why.
    """
    command = [str(distro.venv / 'bin' / 'facemesh'), 'models', 'fetch', '--if-needed']
    if subprocess.call(command, env=environment(distro), stdout=sys.stderr):
        raise SetupError('`facemesh models fetch` failed, see above; then run the same again')
