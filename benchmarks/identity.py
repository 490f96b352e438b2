"""Ids: how lasting they are when people cross, hide, leave, return and walk about, and the cost.

Real faces are cut out of pictures and moved; the truth is known. Pictures beyond the bundled ones
come from $FACEMESH_DATA. motmetrics, in an environment of its own, scores. See docs/identity.md.

    ./run bench identity --json FILE
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# The former behind what is installed: only the benchmarks' own modules come from there.
sys.path.append(str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

import cv2
from workspace.environment import environment_without_ros
from workspace.peers import peer_python

from benchmarks.identities.cost import cost_of
from benchmarks.identities.following import Ours, Plain
from benchmarks.identities.report import IdentityReport, Row
from identity_scenarios import scenes, studio
from identity_scenes import Scene, images_of
from identity_results import Sequence
from benchmarks.measuring.command import command_line, show, tell
from benchmarks.measuring.machine import cores_in_use, machine
from sample_pictures import pictures
from facemesh_ros.types import Frame, PixelOrder

DATA_VARIABLE = 'FACEMESH_DATA'
MODELS, QUICK_MODELS = ('v2', 'attention'), ('v2',)
QUICK_EVERY = 4
CROWDS = (1, 4, 8)
SCORER = Path(__file__).parent / 'sides' / 'identity_scores.py'


def main() -> int:
    """Measure and print."""
    chosen = arguments()
    cv2.setNumThreads(1)
    report = IdentityReport({**machine(), 'cores in use before': cores_in_use()})
    report.rows.extend(rows(quick=chosen.quick, only=chosen.only))
    report.costs.extend(cost_of(faces) for faces in CROWDS)
    show(report, chosen.json)
    return 0


def arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line(__doc__, 'one landmark model, every fourth scene')
    parser.add_argument('--only', default='', metavar='TEXT', help='scenes of families so named')
    return parser.parse_args()


def rows(*, quick: bool, only: str) -> list[Row]:
    """Show all scenes to all sides and have them scored."""
    folder = os.environ.get(DATA_VARIABLE)
    sides: dict[str, Ours | Plain] = {
        f'facemesh_ros, {name}': Ours(name) for name in (QUICK_MODELS if quick else MODELS)
    }
    sides['plain: detector on every image, greedy overlap'] = Plain()
    told: list[tuple[Scene, str, Sequence]] = []
    chosen = [
        scene for scene in scenes(studio(pictures(Path(folder) if folder else None)))
        if only in scene.family
    ]  # fmt: skip
    for scene in chosen[:: QUICK_EVERY if quick else 1]:
        tell(f'{scene.family}: {scene.name}')
        told += [(scene, side, each) for side, each in followed(scene, sides).items()]
    scores = scored([each for _, _, each in told])
    return [
        Row(scene.family, scene.name, side, each.ghosts, score)
        for (scene, side, each), score in zip(told, scores, strict=True)
    ]


def followed(scene: Scene, sides: dict[str, Ours | Plain]) -> dict[str, Sequence]:
    """Show one scene to all sides."""
    told = {name: Sequence() for name in sides}
    for side in sides.values():
        side.start()
    for shown in images_of(scene):
        frame = Frame(shown.rgb, PixelOrder.RGB, shown.stamp_ns)
        for name, side in sides.items():
            told[name].take(shown, side.name(frame))
    return told


def scored(sequences: list[Sequence]) -> list[dict[str, float]]:
    """Have motmetrics score sequences."""
    with tempfile.TemporaryDirectory(prefix='facemesh-bench-') as folder:
        said, scores = Path(folder) / 'sequences.json', Path(folder) / 'scores.json'
        said.write_text(json.dumps([each.as_json() for each in sequences]))
        command = [peer_python('motmetrics'), SCORER, said, scores]
        subprocess.run([str(part) for part in command], env=environment_without_ros(), check=True)
        found: list[dict[str, float]] = json.loads(scores.read_text())
    return found


if __name__ == '__main__':
    sys.exit(main())
