"""Gaze by Intel's gaze-estimation-adas-0002; usage: intel_gaze.py MODELS FACES.npz OUT.json.

MODELS is a folder with that network and head-pose-estimation-adas-0001. FACES holds image_0 (H, W,
3) BGR, landmarks_0 (478, 3) px, image_1 and so on. OUT becomes a list of unit vectors: x to the
image's right, y down, z along the line of sight to the eyes.

Source: Open Model Zoo's documentation of both networks and of its gaze demo: the eyes' squares
have 1.8 times the distance of the corners, and are turned upright by the head's roll.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from openvino import Core

GAZE, HEAD = 'gaze-estimation-adas-0002', 'head-pose-estimation-adas-0001'
INPUT_PX, EYE_SIZE = 60, 1.8
# Corners of the subject's right eye, then of the left. The documentation does not say whose left
# is meant: with the image's, the network does better on rendered heads by 2 degrees.
EYES = {'left_eye_image': (33, 133), 'right_eye_image': (263, 362)}
# Around the landmarks, as shares of their box: left, top, right, bottom.
FACE_MARGIN = (0.05, 0.15, 0.05, 0.05)


def main() -> None:
    """Estimate the gaze of the face in each image."""
    models = Path(sys.argv[1])
    core = Core()
    gaze, head = (core.compile_model(models / f'{name}.xml', 'CPU') for name in (GAZE, HEAD))
    with np.load(sys.argv[2]) as faces:
        found = [
            gaze_of(gaze, head, faces[f'image_{index}'], faces[f'landmarks_{index}'][:, :2])
            for index in range(len(faces.files) // 2)
        ]
    Path(sys.argv[3]).write_text(json.dumps([vector.tolist() for vector in found]))


def gaze_of(gaze: Any, head: Any, image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the gaze of one face."""
    yaw, pitch, roll = head_angles(head, image, points)
    inputs = {
        name: eye_input(image, points[list(corners)], roll) for name, corners in EYES.items()
    }
    inputs['head_pose_angles'] = np.float32([[yaw, pitch, 0]])
    x, y, z = np.ravel(next(iter(gaze(inputs).values()))).astype(float)
    turn = np.radians(roll)
    upright = np.array([x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)])
    vector = np.array([upright[0], -upright[1], z])
    return vector / np.linalg.norm(vector)


def head_angles(head: Any, image: np.ndarray, points: np.ndarray) -> tuple[float, float, float]:
    """Return yaw, pitch and roll of the head, degrees."""
    low, high = points[:468].min(axis=0), points[:468].max(axis=0)
    sides = np.concatenate([high - low, high - low])
    left, top, right, bottom = np.concatenate([low, high]) + sides * FACE_MARGIN * [-1, -1, 1, 1]
    centre, size = ((left + right) / 2, (top + bottom) / 2), (right - left, bottom - top)
    outputs = head({'data': blob(cut(image, centre, size))})
    angles = {key.get_any_name(): float(np.ravel(value)[0]) for key, value in outputs.items()}
    return angles['angle_y_fc'], angles['angle_p_fc'], angles['angle_r_fc']


def eye_input(image: np.ndarray, corners: np.ndarray, roll_deg: float) -> np.ndarray:
    """Return the square around an eye, turned upright."""
    side = EYE_SIZE * float(np.linalg.norm(corners[0] - corners[1]))
    square = cut(image, tuple(corners.mean(axis=0)), (side, side))
    middle = ((square.shape[1] - 1) / 2, (square.shape[0] - 1) / 2)
    turn = cv2.getRotationMatrix2D(middle, roll_deg, 1)
    size = (square.shape[1], square.shape[0])
    return blob(cv2.warpAffine(square, turn, size, borderMode=cv2.BORDER_REPLICATE))


def cut(image: np.ndarray, centre: Any, size: Any) -> np.ndarray:
    """Return a part of an image, whose edges go on outside."""
    whole = tuple(max(1, round(float(side))) for side in size)
    return cv2.getRectSubPix(image, whole, tuple(float(value) for value in centre))


def blob(image: np.ndarray) -> np.ndarray:
    """Return an image as a network's input, (1, 3, 60, 60)."""
    small = cv2.resize(image, (INPUT_PX, INPUT_PX))
    return small.transpose(2, 0, 1)[None].astype(np.float32)


if __name__ == '__main__':
    main()
