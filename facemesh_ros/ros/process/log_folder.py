"""The folder of ROS' log files: without one that can be written, rclpy would not start."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Terminal and /rosout stay.
WITHOUT_FILES = ('--ros-args', '--disable-external-lib-logs')


def why_not_writable() -> str:
    """Return why no log file can be written, with the remedy; empty if one can."""
    try:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ''
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        place = getattr(error, 'filename', None) or 'the folder of logs'
        return (
            f'there will be no log files, only the terminal and /rosout: {place}: {reason}; '
            'ROS_LOG_DIR may name another folder'
        )


def _folder() -> Path:
    """Return the folder as rcl finds it; raises RuntimeError if it would need $HOME."""
    chosen = os.environ.get('ROS_LOG_DIR')
    if not chosen and not os.environ.get('ROS_HOME') and not os.environ.get('HOME'):
        raise RuntimeError('HOME is not set')
    return Path(chosen or Path(os.environ.get('ROS_HOME') or '~/.ros', 'log')).expanduser()
