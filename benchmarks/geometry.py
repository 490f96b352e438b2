"""Geometry: head pose, metres, gaze and their covariance against the truth, beside MediaPipe.

Rendered scans, calibrated cameras and depth cameras are found in the folder `truth` beside
$FACEMESH_DATA; ideal faces and the cost need no data. MediaPipe 1.2.2 runs in an environment of
its own. See docs/geometry.md.

    ./run bench geometry --json FILE
    ./run bench geometry --parts ideal,cost
    ./run bench geometry --docs    # updates docs/geometry.md
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import cv2
import numpy as np
import onnxruntime
from common.command import BUNDLE, log, parts_option, run_benchmark
from common.machine import ROOT, conditions, cores_in_use
from common.report import Report, Table
from geometry_measurements.cost import measure_cost
from geometry_measurements.depth import measure_kinect, measure_scan_depth
from geometry_measurements.gaze import SCENES, measure_gaze
from geometry_measurements.goals import goal_table
from geometry_measurements.ideal import FACES, measure_ideal
from geometry_measurements.off_centre import COLUMNS as OFF_CENTRE_COLUMNS
from geometry_measurements.off_centre import TITLE as OFF_CENTRE_TITLE
from geometry_measurements.off_centre import measure_ideal_off_centre, scan_off_centre_rows
from geometry_measurements.scan import measure_scan
from geometry_measurements.session import QUICK_EVERY, Session
from geometry_measurements.truth_sets import (
    FOUR_CAMERAS,
    HEADS,
    KINECT,
    kinect_pairs,
    world_cameras,
)
from geometry_measurements.view_angle import measure_view_angle
from geometry_measurements.views import measure_views

PAGE = ROOT / 'docs' / 'geometry.md'
KINECT_EVERY = 3
NOTE = (
    'Rotations: angle between two orientations. View angle: between the face and the line to the '
    'camera, estimated minus true. Positions: of the sellion. Normalised error: median of '
    "e' C^-1 e / 6 with the stated covariance C, over the median that it has if C is right "
    '(0.891): 1 is honest, above 1 C is too small. PnP: of the canonical face by OpenCV, with the '
    'true camera, on our landmarks. MediaPipe as given, in its virtual camera of 63 degrees; with '
    'the true camera its sellion is put on its true ray, at its depth times true over virtual '
    'focal length.'
)


def scan(session: Session) -> None:
    """Poses on the scan, and its shape off centre."""
    scanned = session.scanned
    if not scanned:
        return
    peer = session.peer
    found = peer.faces([picture.rgb for picture, _ in scanned]) if peer else None
    session.add(measure_scan(scanned, found))
    rows = scan_off_centre_rows(scanned, found)
    session.tables.append(Table('off_centre', OFF_CENTRE_TITLE, OFF_CENTRE_COLUMNS, rows))


def views(session: Session) -> None:
    """Four cameras against each other."""
    folder, pipeline = session.truth('views', FOUR_CAMERAS), session.pipeline
    if folder and pipeline:
        every = 2 * QUICK_EVERY if session.quick else 2
        cameras = world_cameras(folder)
        session.add(measure_views(cameras, pipeline, session.peer, session.intel, every))


def view_angle(session: Session) -> None:
    """The fit of the view angle's correction."""
    folder, pipeline = session.truth('view_angle', FOUR_CAMERAS), session.pipeline
    if folder and pipeline and session.scanned:
        every = QUICK_EVERY if session.quick else 2
        cameras = world_cameras(folder)
        session.tables += measure_view_angle(session.scanned, cameras, pipeline, every)


def depth(session: Session) -> None:
    """Depth images: the scan's with a sensor's faults, and a Kinect's."""
    if session.scanned:
        session.add(measure_scan_depth(session.scanned))
    folder, pipeline = session.truth('depth', KINECT), session.pipeline
    if folder and pipeline:
        pairs = kinect_pairs(folder, KINECT_EVERY * (QUICK_EVERY if session.quick else 1))
        session.add(measure_kinect(pairs, pipeline))


def gaze(session: Session) -> None:
    """Rendered eyes."""
    folder, pipeline = session.truth('gaze', HEADS), session.pipeline
    if not folder or not pipeline:
        return
    count = SCENES // QUICK_EVERY if session.quick else SCENES
    session.add(measure_gaze(folder / 'ict_head_eyes.npz', session.intel, pipeline, count))


def ideal(session: Session) -> None:
    """Canonical faces projected by each lens model, and moved across the image."""
    session.add(measure_ideal(FACES // QUICK_EVERY if session.quick else FACES))
    session.add(measure_ideal_off_centre())


def cost(session: Session) -> None:
    """Time of a face."""
    peer = session.peer
    session.add(measure_cost(session.start_peer if peer else None))


PARTS: dict[str, Callable[[Session], None]] = {
    part.__name__: part for part in (scan, views, view_angle, depth, gaze, ideal, cost)
}


def measure(chosen: Namespace) -> Report:
    """Measure the chosen parts."""
    cv2.setNumThreads(1)
    before = cores_in_use()
    with ExitStack() as stack:
        session = Session(chosen.quick, chosen.bundle, stack)
        for name in chosen.parts:
            log(f'part {name}')
            PARTS[name](session)
    about = conditions(
        before,
        facemesh_ros={
            'numpy': np.__version__,
            'opencv': cv2.__version__,
            'onnxruntime': onnxruntime.__version__,
        },
        **session.versions,
    )
    goals = [goal_table(session.goals)] if session.goals else []
    return Report(NOTE, about, session.left_out, [*goals, *session.tables])


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='a quarter of the pictures',
            section='geometry',
            page=PAGE,
            options={**BUNDLE, **parts_option(PARTS)},
        )
    )
