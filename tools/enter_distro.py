"""Start a command in the environment of a distribution: `enter_distro.py kilted python …`."""

from __future__ import annotations

import os
import sys

from workspace.environment import environment
from workspace.layout import Distro

_, name, *command = sys.argv
os.execvpe(command[0], command, environment(Distro(name)))
