"""Videos of a face that moves."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

RATE_HZ = 10.0


def write_video(path: str | Path, head: np.ndarray, frames: int, step_px: int = 1) -> None:
    """Write an MPEG-4 video of a picture, (H, W, 3) BGR, that moves to the right."""
    height, width = head.shape[:2]
    codec = cv2.VideoWriter_fourcc(*'mp4v')
    writer = cv2.VideoWriter(str(path), codec, RATE_HZ, (width, height))
    for frame in range(frames):
        writer.write(np.roll(head, step_px * frame, axis=1))
    writer.release()
