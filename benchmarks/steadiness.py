"""Steadiness: jitter, lag and error of the temporal filters, on known motion and on real clips.

Real faces are moved by known warps, photographed with noise and compressed; the same images go to
MediaPipe 1.2.2 as a stream of one face, in an environment of its own. Pictures and clips beyond
the bundled one come from $FACEMESH_DATA. See docs/filtering.md.

    ./run bench steadiness --json FILE --plot FILE
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

import cv2
import numpy as np
from measuring.command import add_bundle, command_line, draw, show, tell
from measuring.contestants import LeftOutError, official_bundle
from measuring.machine import cores_in_use, machine
from measuring.processes import ONE_THREAD, SIDES
from steady.clips import clips
from steady.filters import cost_ms, filtered
from steady.following import FaceFollower
from steady.motions import MOTIONS
from steady.report import ClipRow, CostRow, MotionRow, SteadinessReport, TradeOff
from steady.scores import clip_score, score
from steady.sequences import RATE_HZ, Sequence, pictures, portrait_of, sequence_of
from workspace.environment import environment_without_ros
from workspace.layout import SetupError
from workspace.peers import peer_python

from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.types import Float32

DATA_VARIABLE = 'FACEMESH_DATA'
FILTERS = {kind: FilterSettings(type=kind) for kind in ('none', 'one_euro', 'rigid')}
PEER = 'mediapipe 1.2.2'
SECONDS, QUICK_SECONDS = 6.0, 5.0
QUICK_MOTIONS = ('still', 'slow', 'pan', 'blinks')
CROWDS = (1, 8)
# What the trade-off varies; the rest as by default.
VARIED = {
    'one_euro': ('beta', (2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)),
    'rigid': ('noise_margin', (0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)),
}
# Motions whose truth the images show without doubt: a turn in depth is drawn from the model's own
# depth, and the model disagrees with it by more than any filter does.
TRADED = ('slow', 'zoom', 'roll', 'pan', 'stop_and_go')


class Peer:
    """MediaPipe's own filter, as it comes."""

    def __init__(self, bundle: Path | None) -> None:
        """Find it; raises LeftOutError or SetupError if it cannot run here."""
        self._bundle = official_bundle(bundle)
        self._python = peer_python('mediapipe-1.2.2')

    def landmarks(self, images: Path, rate_hz: float) -> Float32:
        """Return (F, 478, 3) px, NaN where MediaPipe saw no face."""
        output = images.with_name('peer.npy')
        command = [
            self._python,
            SIDES / 'mediapipe_stream.py',
            self._bundle,
            images,
            rate_hz,
            output,
        ]
        subprocess.run(
            [str(part) for part in command],
            env={**environment_without_ros(), **ONE_THREAD},
            stderr=subprocess.DEVNULL,
            check=True,
        )
        return np.load(output)


def main() -> int:
    """Measure and print."""
    chosen = arguments()
    cv2.setNumThreads(1)
    try:
        peer, left_out = Peer(chosen.bundle), []
    except (LeftOutError, SetupError) as error:
        peer, left_out = None, [f'{PEER}: {error}']
    report = SteadinessReport({**machine(), 'cores in use before': cores_in_use()}, left_out)
    with tempfile.TemporaryDirectory(prefix='facemesh-bench-') as folder:
        measure(report, peer, Path(folder) / 'images.npy', quick=chosen.quick)
    show(report, chosen.json)
    if chosen.plot:
        draw(report, 'trade_off_plot.py', chosen.plot)
    return 0


def arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line(__doc__, 'one picture, four motions, no clip')
    add_bundle(parser)
    parser.add_argument(
        '--plot', type=Path, metavar='FILE', help='draw the trade-off (.svg, .png)'
    )
    return parser.parse_args()


def measure(report: SteadinessReport, peer: Peer | None, images: Path, *, quick: bool) -> None:
    """Fill the report."""
    folder = os.environ.get(DATA_VARIABLE)
    data = Path(folder) if folder and not quick else None
    followers = {kind: FaceFollower(each) for kind, each in FILTERS.items()}
    follower = followers['none']
    sequences: dict[tuple[str, str], Sequence] = {}
    for picture, shown in pictures(data):
        portrait = portrait_of(shown, follower)
        for name in QUICK_MOTIONS if quick else MOTIONS:
            tell(f'{picture}: {name}')
            seconds = QUICK_SECONDS if quick else SECONDS
            sequence = sequence_of(portrait, MOTIONS[name], seconds, follower, images)
            sequences[picture, name] = sequence
            found = {
                kind: each.follow(images, sequence.times_s) for kind, each in followers.items()
            }
            if peer:
                found[PEER] = peer.landmarks(images, RATE_HZ)
            report.motions.extend(
                MotionRow(picture, name, kind, score(name, sequence, each))
                for kind, each in found.items()
            )
    for clip in clips(data, follower, images):
        tell(clip.name)
        found = {kind: each.follow(images, clip.times_s) for kind, each in followers.items()}
        if peer:
            found[PEER] = peer.landmarks(images, clip.rate_hz)
        report.clips.extend(
            ClipRow(clip.name, kind, clip_score(clip.raw, each, clip.rate_hz))
            for kind, each in found.items()
        )
    report.costs.extend(cost_rows(next(iter(sequences.values()))))
    report.trade_offs.extend(trade_offs(sequences))


def cost_rows(sequence: Sequence) -> list[CostRow]:
    """Time every filter."""
    return [
        CostRow(kind, faces, cost_ms(settings, sequence.raw, sequence.times_s, faces))
        for kind, settings in FILTERS.items()
        for faces in CROWDS
    ]


def trade_offs(sequences: dict[tuple[str, str], Sequence]) -> list[TradeOff]:
    """Score filters with other settings at rest and in motion."""
    tell('trade-off')
    found = []
    for kind, (setting, values) in VARIED.items():
        for value in values:
            settings = replace(FILTERS[kind], **{setting: value})
            jitters, errors = [], []
            for (_, motion), sequence in sequences.items():
                steady = filtered(settings, sequence.raw, sequence.times_s)
                found_score = score(motion, sequence, steady)
                if motion == 'still':
                    jitters.append(found_score.jitter)
                elif motion in TRADED:
                    raw = score(motion, sequence, sequence.raw)
                    errors.append(found_score.error / raw.error)
            found.append(
                TradeOff(
                    kind, f'{setting} {value:g}', float(np.mean(jitters)), float(np.mean(errors))
                )
            )
    return found


if __name__ == '__main__':
    sys.exit(main())
