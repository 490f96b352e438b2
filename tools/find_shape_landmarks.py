"""Find the landmarks of the face mesh on ICT-FaceKit's face, as the landmark model sees them.

    PYTHONPATH=. python tools/find_shape_landmarks.py --model ICT-FaceKit/FaceXModel

Writes tools/shape_table/found_landmarks.csv, which make_shape_table.py needs. Needs this package
and its models (`facemesh models fetch`).
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from shape_table.face_kit import read_face_kit
from shape_table.portrait import Painter, Portrait
from shape_table.registration import FOUND, mirror_landmarks

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder

PEOPLE = 24
NEAREST = 4  # pixels whose places are averaged
SEED = 5


def random_portrait(painter: Painter, draw: np.random.Generator) -> Portrait:
    """Return somebody who looks roughly into the camera."""
    yaw, pitch = np.radians(draw.uniform([-15, -12], [15, 12]))
    nod, shake = (
        np.asarray(cv2.Rodrigues(axis)[0], float) for axis in np.diag([pitch, yaw, 0])[:2]
    )
    light = np.array([draw.uniform(-0.5, 0.5), draw.uniform(0, 0.6), 1])
    return painter.portrait(draw.standard_normal(100), nod @ shake, draw.uniform(60, 110), light)


def places_of(
    landmarks: NDArray[np.float32], portrait: Portrait
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where landmarks (468, 2) px lie on the neutral face, cm, and how it faces there."""
    places, facing = np.empty((468, 3)), np.empty(468)
    for index, pixel in enumerate(landmarks):
        squares = ((portrait.pixels - pixel) ** 2).sum(axis=1)
        near = np.argpartition(squares, NEAREST)[:NEAREST]
        places[index] = np.average(
            portrait.places[near], axis=0, weights=1 / (squares[near] + 0.3)
        )
        facing[index] = portrait.facing[near].mean()
    return places, facing


def main() -> None:
    """Read the command line and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', type=Path, required=True, help='folder FaceXModel')
    parser.add_argument('--pictures', type=Path, help='folder to keep the portraits in')
    chosen = parser.parse_args()

    painter = Painter(read_face_kit(chosen.model, []))
    pipeline = load_sensor(SensorSettings(execution_provider='cpu')).stream()
    draw = np.random.default_rng(SEED)
    found = []
    for number in range(PEOPLE):
        portrait = random_portrait(painter, draw)
        if chosen.pictures:
            cv2.imwrite(str(chosen.pictures / f'{number:03d}.png'), portrait.rgb[..., ::-1])
        faces = pipeline.process_static_image(Frame(portrait.rgb, PixelOrder.RGB))
        found += [places_of(points[:468, :2], portrait) for points in faces.landmarks]
    places, facing = (np.array(values) for values in zip(*found, strict=True))
    mirror = mirror_landmarks()
    places = np.concatenate([places, places[:, mirror] * [-1, 1, 1]])
    middle = np.median(places, axis=0)
    spread = np.median(np.linalg.norm(places - middle, axis=2), axis=0)
    facing = (facing.mean(axis=0) + facing.mean(axis=0)[mirror]) / 2
    with FOUND.open('w', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['x_cm', 'y_cm', 'z_cm', 'spread_cm', 'facing'])
        for row in np.column_stack([middle, spread, facing]):
            writer.writerow([f'{value:.3f}' for value in row])


if __name__ == '__main__':
    main()
