"""Write the shapes of faces in facemesh_ros/geometry/face_tables from ICT-FaceKit's own files.

    python tools/make_shape_table.py --model ICT-FaceKit/FaceXModel

Needs numpy and this package on the path.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from shape_table.face_kit import read_face_kit
from shape_table.modes import population
from shape_table.registration import register

TABLES = Path(__file__).resolve().parent.parent / 'facemesh_ros' / 'geometry' / 'face_tables'
MODES = 20
# Those that move many landmarks, both sides of the face together.
EXPRESSIONS = [
    'jawOpen',
    'mouthSmile_L+mouthSmile_R',
    'mouthFrown_L+mouthFrown_R',
    'mouthPucker',
    'mouthFunnel',
    'mouthUpperUp_L+mouthUpperUp_R',
    'mouthLowerDown_L+mouthLowerDown_R',
    'mouthLeft',
    'mouthRight',
    'cheekPuff_L+cheekPuff_R',
    'eyeBlink_L+eyeBlink_R',
    'browDown_L+browDown_R',
    'browInnerUp_L+browInnerUp_R',
    'browOuterUp_L+browOuterUp_R',
]


def main() -> None:
    """Read the command line and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', type=Path, required=True, help='folder FaceXModel')
    parser.add_argument('--out', type=Path, default=TABLES, help='folder of the tables')
    chosen = parser.parse_args()

    kit = read_face_kit(chosen.model, [part for name in EXPRESSIONS for part in name.split('+')])
    people = population(kit, *register(kit.neutral, kit.triangles), EXPRESSIONS)
    rest = np.sqrt((people.modes[MODES:] ** 2).sum(axis=(0, 2)) / 3)
    names = ['mean', *(f'mode_{number}' for number in range(MODES)), *EXPRESSIONS]
    columns = [people.mean, *people.modes[:MODES], *people.expressions]
    with (chosen.out / 'shapes.csv').open('w', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow([f'{name}_{axis}' for name in names for axis in 'xyz'] + ['sigma_rest'])
        for point in range(len(rest)):
            values = [*np.concatenate([column[point] for column in columns]), rest[point]]
            writer.writerow([f'{value * 1000:.2f}'.replace('-0.00', '0.00') for value in values])


if __name__ == '__main__':
    main()
