"""Provision the model files by the package's own command."""

from __future__ import annotations

import os
import subprocess
import sys

from workspace.home import variables_of_home
from workspace.layout import Distro, SetupError


def fetch_models(distro: Distro) -> None:
    """Run `facemesh models fetch`, which is quick when the node has what it needs.

    Raises:
        SetupError: If it fails; it has said why.
    """
    command = [str(distro.venv / 'bin' / 'facemesh'), 'models', 'fetch', '--if-needed']
    # In the user's own environment, so that it says what to type there.
    if subprocess.call(command, env=os.environ | variables_of_home(os.environ), stdout=sys.stderr):
        raise SetupError('`facemesh models fetch` failed, see above; then run the same again')
