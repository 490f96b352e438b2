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
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import cv2
import numpy as np
import onnxruntime
from common.command import BUNDLE, log, run_benchmark
from common.machine import ROOT, conditions, cores_in_use
from common.report import Report, Table
from geometry_measurements.goals import Goal, goal_table
from geometry_measurements.scan import measure_scan
from geometry_measurements.systems import MediaPipePeer, load_pipeline
from geometry_measurements.truth_sets import (
    FOUR_CAMERAS,
    SCAN,
    not_here,
    scan_pictures,
    truth_folder,
    world_cameras,
)
from geometry_measurements.views import measure_views
from systems.selection import UnavailableError, require_models
from workspace.layout import SetupError

from facemesh_ros.pipeline.face_pipeline import FacePipeline

PAGE = ROOT / 'docs' / 'geometry.md'
QUICK_EVERY = 4
NOTE = (
    'Rotations: angle between two orientations. View angle: between the face and the line to the '
    'camera, estimated minus true. Positions: of the sellion. Normalised error: median of '
    "e' C^-1 e / 6 with the stated covariance C, over the median that it has if C is right "
    '(0.891): 1 is honest, above 1 C is too small. PnP: of the canonical face by OpenCV, with the '
    'true camera, on our landmarks. MediaPipe as given, in its virtual camera of 63 degrees; with '
    'the true camera its sellion is put on its true ray, at its depth times true over virtual '
    'focal length.'
)


@dataclass
class Session:
    """What the parts share.

    Attributes:
        quick: Whether to measure less.
        left_out: What could not be measured, and how to make it run.
        tables: Of all parts so far.
        goals: Of all parts so far.
        versions: Of the peers.
    """

    quick: bool
    bundle: Path | None
    stack: ExitStack
    left_out: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)

    @cached_property
    def pipeline(self) -> FacePipeline | None:
        """This package; None if a model is missing."""
        try:
            require_models('v2')
        except UnavailableError as error:
            self.left_out.append(f'everything that needs landmarks of pictures: {error}')
            return None
        return load_pipeline()

    @cached_property
    def peer(self) -> MediaPipePeer | None:
        """MediaPipe; None if it cannot run here."""
        try:
            peer = self.stack.enter_context(MediaPipePeer(self.bundle))
        except (UnavailableError, SetupError) as error:
            self.left_out.append(f'MediaPipe: {error}')
            return None
        self.versions['mediapipe 1.2.2'] = peer.versions
        return peer

    def add(self, found: tuple[list[Table], list[Goal]]) -> None:
        """Keep what a part has found."""
        self.tables += found[0]
        self.goals += found[1]


def scan(session: Session) -> None:
    """Measure on the scan."""
    folder, pipeline = truth_folder(SCAN), session.pipeline
    if folder is None:
        session.left_out.append(not_here('scan', SCAN))
    elif pipeline:
        pictures = scan_pictures(folder)[:: QUICK_EVERY if session.quick else 1]
        session.add(measure_scan(pictures, pipeline, session.peer))


def views(session: Session) -> None:
    """Measure on four cameras."""
    folder, pipeline = truth_folder(FOUR_CAMERAS), session.pipeline
    if folder is None:
        session.left_out.append(not_here('views', FOUR_CAMERAS))
    elif pipeline:
        every = 2 * QUICK_EVERY if session.quick else 2
        session.add(measure_views(world_cameras(folder), pipeline, session.peer, every))


PARTS: dict[str, Callable[[Session], None]] = {'scan': scan, 'views': views}


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


def parts(text: str) -> list[str]:
    """Read names of parts."""
    names = text.split(',')
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise ArgumentTypeError(f'no part {unknown[0]!r}; there are {", ".join(PARTS)}')
    return names


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='a quarter of the pictures',
            section='geometry',
            page=PAGE,
            options={
                **BUNDLE,
                '--parts': {
                    'type': parts,
                    'default': list(PARTS),
                    'metavar': 'NAMES',
                    'help': f'only these, separated by commas, of {", ".join(PARTS)}',
                },
            },
        )
    )
