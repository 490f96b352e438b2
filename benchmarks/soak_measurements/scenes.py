"""What the camera of a soak shows: faces that come and go, in any size and encoding."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.types import UInt8

FRAME_ID = 'camera_optical_frame'
VGA_WH = (640, 480)
DEPTH_MM = 700
# Columns and rows of faces.
TILES = {1: (1, 1), 2: (2, 1), 4: (2, 2), 8: (4, 2)}
# Face k is there while sin(2π t / its period) is positive: no two come and go together for long.
FIRST_PERIOD_S, FURTHER_PERIOD_S = 5.0, 1.7


@dataclass(frozen=True)
class Shown:
    """What the images are.

    Attributes:
        size: Width and height, px.
        encoding: Key of `ENCODERS`; anything else is sent as the bytes of bgr8, to be refused.
        faces: Key of `TILES`.
        coming_and_going: Whether faces are there now and then only.
        rate: Hz.
        depth: Whether a registered depth image comes with each.
    """

    size: tuple[int, int] = VGA_WH
    encoding: str = 'bgr8'
    faces: int = 1
    coming_and_going: bool = False
    rate: float = 30.0
    depth: bool = False

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Shown:
        """Return what JSON says."""
        return cls(**{**fields, 'size': tuple(fields.get('size', VGA_WH))})

    @property
    def image_wh(self) -> tuple[int, int]:
        """Width and height, px."""
        return self.size


class Stage:
    """Draws the pictures; what is drawn once is kept while its size lasts."""

    def __init__(self) -> None:
        self._size: tuple[int, int] = (0, 0)
        self._picture = np.zeros((0, 0, 3), np.uint8)

    def picture(self, shown: Shown, time_s: float) -> UInt8:
        """Return (H, W, 3), BGR."""
        width, height = shown.image_wh
        if shown.image_wh != self._size:
            self._size, self._picture = shown.image_wh, np.zeros((height, width, 3), np.uint8)
        columns, rows = TILES[shown.faces]
        tile_wh = width // columns, height // rows
        face = moving_astronaut(tile_wh)
        self._picture[:] = 128
        for tile in range(shown.faces):
            if shown.coming_and_going and not is_there(tile, time_s):
                continue
            row, column = divmod(tile, columns)
            corner = self._picture[row * tile_wh[1] :, column * tile_wh[0] :]
            corner[: tile_wh[1], : tile_wh[0]] = face.image_at(time_s + 7.1 * tile)
        return self._picture

    def image_msg(self, shown: Shown, bgr: UInt8, header: Header) -> Image:
        """Return a picture in an encoding."""
        rows = ENCODERS.get(shown.encoding, np.ascontiguousarray)(bgr)
        width, height = shown.image_wh
        step = rows.nbytes // (height * 3 // 2 if shown.encoding == 'nv12' else height)
        msg = Image(header=header, width=width, height=height, encoding=shown.encoding, step=step)
        msg.data.frombytes(rows.tobytes())
        return msg

    def depth_msg(self, shown: Shown, header: Header) -> Image:
        """Return a wall that is as far as the faces."""
        width, height = shown.image_wh
        msg = Image(header=header, width=width, height=height, encoding='16UC1', step=2 * width)
        msg.data.frombytes(np.full((height, width), DEPTH_MM, np.uint16).tobytes())
        return msg


def is_there(tile: int, time_s: float) -> bool:
    """Return whether a face that comes and goes is there."""
    return math.sin(2 * math.pi * time_s / (FIRST_PERIOD_S + FURTHER_PERIOD_S * tile)) > 0


def _yuy2(bgr: UInt8) -> UInt8:
    yuv = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV)
    packed = np.empty((*bgr.shape[:2], 2), np.uint8)
    packed[..., 0] = yuv[..., 0]
    packed[:, ::2, 1], packed[:, 1::2, 1] = yuv[:, ::2, 1], yuv[:, ::2, 2]
    return packed


def _nv12(bgr: UInt8) -> UInt8:
    height, width = bgr.shape[:2]
    planes = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
    colours = planes[height:].reshape(2, height // 2, width // 2)
    return np.vstack([planes[:height], colours.transpose(1, 2, 0).reshape(height // 2, width)])


def _bayer(bgr: UInt8) -> UInt8:
    mosaic = np.ascontiguousarray(bgr[..., 1])
    mosaic[::2, ::2], mosaic[1::2, 1::2] = bgr[::2, ::2, 2], bgr[1::2, 1::2, 0]
    return mosaic


# Of even sizes.
ENCODERS: dict[str, Callable[[UInt8], np.ndarray]] = {
    'bgr8': np.ascontiguousarray,
    'rgb8': lambda bgr: np.ascontiguousarray(bgr[..., ::-1]),
    'mono8': lambda bgr: np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)),
    'bgra8': lambda bgr: np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)),
    'yuv422_yuy2': _yuy2,
    'nv12': _nv12,
    'bayer_rggb8': _bayer,
    'mono16': lambda bgr: cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.uint16) << 4,
    'bgr16': lambda bgr: bgr.astype(np.uint16) << 8,
}
