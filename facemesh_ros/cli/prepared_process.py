"""What keeps a process of `facemesh run` quiet."""

from __future__ import annotations

import io
import os
import sys
import warnings

import cv2


def prepare_process() -> None:
    """Keep the libraries' messages off the terminal, and make ours printable on any."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that the terminal cannot show must not stop the run.
        sys.stdout.reconfigure(errors='backslashreplace')
    # Errors of files are reported once, by this command, not by the libraries.
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')  # AV_LOG_QUIET
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    warnings.filterwarnings('ignore', module='PIL')
