"""Each landmark model on the CPU: the crops of an image in one batch, and in smaller ones.

The processor time of cropping, network and projection together, on one core; the ways take turns.
What is found here is why a CPU takes crops one by one.

    ./run bench batches
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import cv2
import numpy as np
from measuring.machine import cores_in_use, machine
from measuring.statistics import ratio

from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import names_of
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.models.store import ModelStore
from facemesh_ros.types import Frame, PixelOrder, Rois

FACES = (1, 2, 4, 8)
LIMITS = (1, 2, 4, 8)


def main() -> int:
    """Measure every provisioned model and print a line for each number of faces."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('--rounds', type=int, default=20, help='turns of each way (default 20)')
    rounds = parser.parse_args().rounds
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    print(*(f'- {name}: {value}' for name, value in machine().items()), sep='\n')
    print(f'- cores in use before: {cores_in_use()}\n\nms; in brackets, to one batch for all')
    store = ModelStore()
    for model in names_of(Kind.LANDMARKS):
        if model not in store.records():
            print(f'{model}: not provisioned (facemesh models fetch)')
            continue
        network = load_session(store, model, ProviderChoice('cpu'))
        ways = {
            limit: FaceMesh(CpuCropModel(network, FaceMesh.OUTPUTS, batch_limit=limit))
            for limit in LIMITS
        }
        for faces in FACES:
            used = {limit: way for limit, way in ways.items() if limit <= faces}
            print(model, f'{faces} faces:', told(measured(used, faces, rounds)), flush=True)
    return 0


def measured(ways: dict[int, FaceMesh], faces: int, rounds: int) -> dict[int, list[list[float]]]:
    """Return the ms of each way, a block of one for each round."""
    random = np.random.default_rng(0)
    frame = Frame(random.integers(0, 256, (720, 1280, 3), np.uint8), PixelOrder.BGR)
    rois = Rois(
        random.uniform(300, 500, (faces, 2)).astype(np.float32),
        np.full((faces, 2), 300, np.float32),
        random.uniform(-0.3, 0.3, faces).astype(np.float32),
    )
    blocks: dict[int, list[list[float]]] = {limit: [] for limit in ways}
    for number in range(rounds + 1):
        for limit, way in list(ways.items())[:: 1 if number % 2 else -1]:
            start = time.process_time()
            way.predict(frame, rois)
            blocks[limit].append([(time.process_time() - start) * 1e3])
    return {limit: each[1:] for limit, each in blocks.items()}  # the first round warms up


def told(blocks: dict[int, list[list[float]]]) -> str:
    """Return medians by batch size, and their ratio to one batch for all."""
    whole = blocks[max(blocks)]
    return '; '.join(
        f'by {limit} {np.median(each):.2f} ({ratio(each, whole).overall:.2f})'
        for limit, each in blocks.items()
    )


if __name__ == '__main__':
    sys.exit(main())
