"""What ROS and the models need of the user's home folder, and what takes its place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from workspace.layout import VENVS
from workspace.place import is_creatable


def variables_of_home(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to set where the home folder is unset or cannot be written.

    A service, a container or a robot with a read-only disk often has no other home; rclpy then
    ends at once, since it cannot write its log.

    Args:
        variables: The environment.
    """
    home = Path(variables.get('HOME') or os.path.expanduser('~'))
    found = {} if variables.get('HOME') or not home.is_absolute() else {'HOME': str(home)}
    if not (variables.get('ROS_LOG_DIR') or variables.get('ROS_HOME')) and (
        not home.is_absolute() or not is_creatable(home / '.ros' / 'log')
    ):
        found['ROS_LOG_DIR'] = _folder_for_logs()
    data = Path(variables.get('XDG_DATA_HOME') or home / '.local' / 'share')
    models = data / 'facemesh_ros' / 'models'
    if not variables.get('FACEMESH_MODEL_DIR') and (
        not data.is_absolute() or not (models.exists() or is_creatable(models))
    ):
        found['FACEMESH_MODEL_DIR'] = str(VENVS / 'models')
    return found


def _folder_for_logs() -> str:
    logs = VENVS / 'log'
    return str(logs) if is_creatable(logs) else tempfile.mkdtemp(prefix='facemesh-log-')
