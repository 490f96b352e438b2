"""Identity: how stable track ids are, and whether they stay where no face is any more.

Heads are cut out of pictures and moved on known paths: they cross, are occluded, leave and return,
a cut shows others, a head turns its back, a street has many. Further pictures come from
$FACEMESH_DATA. motmetrics, in an environment of its own, scores the ids. See docs/identity.md.

    ./run bench identity --json FILE
    ./run bench identity --parts cuts,objects,street
    ./run bench identity --before OLD.json --docs    # updates docs/identity.md
"""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import cv2
from common.baseline_tracker import BaselineTracker
from common.command import BEFORE, data_folder, log, parts_option, run_benchmark, scratch_folder
from common.machine import ROOT, conditions, cores_in_use
from common.report import Report, Table
from identity_families import PARTS
from identity_results import FacemeshTracker, TrackingRecord
from identity_scenarios import load_assets
from identity_scenes import Scene, render_scene
from sample_pictures import load_pictures
from workspace.environment import environment_without_ros
from workspace.peers import peer_python

from facemesh_ros.types import Frame, PixelOrder

PAGE = ROOT / 'docs' / 'identity.md'
MODELS, QUICK_MODELS = ('v2', 'attention'), ('v2',)
QUICK_EVERY = 4
SCORER = Path(__file__).parent / 'systems' / 'identity_scores.py'
LEGEND = (
    'switches: times that a person got another id; swaps: times that an id went to another '
    'person; extra ids: ids per person beyond the first; false ids: confirmed ids that appeared '
    'where no face was; fragments: times that the track of a visible person was interrupted; '
    'found: faces per image, of those that are visible; nobody: confirmed results per 100 images '
    'where no face is to be seen. A person who was hidden or away for more than a second counts '
    'as a new one.'
)
COLUMNS = [
    *(('scenes of', '{family}'), ('n', '{n}'), ('people', '{num_unique_objects:.0f}')),
    *(('switches', '{num_switches:.0f}'), ('swaps', '{num_transfer:.0f}')),
    *(('extra ids', '{extra_ids:.0f}'), ('false ids', '{false_ids:.0f}')),
    *(('fragments', '{num_fragmentations:.0f}'), ('found', '{found:.2f} of {there:.2f}')),
    *(('nobody', '{nobody:.1f}'), ('MOTA', '{mota:.3f}'), ('IDF1', '{idf1:.3f}')),
]
Tracker = FacemeshTracker | BaselineTracker


@dataclass(frozen=True)
class SceneScore:
    """One tracker on one scene; `scores` are motmetrics' and `false_ids`."""

    family: str
    scene: str
    system: str
    scores: dict[str, float]


def measure(chosen: Namespace) -> Report:
    """Measure everything."""
    cv2.setNumThreads(1)
    before = cores_in_use()
    scores = scene_scores(chosen.parts, quick=chosen.quick)
    tables = []
    for system in dict.fromkeys(each.system for each in scores):
        own = [each for each in scores if each.system == system]
        families = dict.fromkeys(each.family for each in own)
        rows = [_total(name, [each for each in own if each.family == name]) for name in families]
        tables.append(Table('families', system, COLUMNS, [*rows, _total('all', own)]))
    return Report(
        LEGEND,
        conditions(before),
        (),
        tables,
        {'scenes': scores},
        chosen.before,
    )


def scene_scores(parts: Sequence[str], *, quick: bool) -> list[SceneScore]:
    """Run all trackers on all scenes of some parts and score them."""
    trackers: dict[str, Tracker] = {
        f'facemesh_ros, {name}': FacemeshTracker(name)
        for name in (QUICK_MODELS if quick else MODELS)
    }
    trackers['baseline: detector on every image, greedy overlap'] = BaselineTracker()
    assets = load_assets(load_pictures(data_folder()))
    scenes = [
        scene
        for part in parts
        for scene in list(PARTS[part](assets))[:: QUICK_EVERY if quick else 1]
    ]
    records: list[tuple[Scene, str, TrackingRecord]] = []
    for scene in scenes:
        log(f'{scene.family}: {scene.name}')
        records += [(scene, name, record) for name, record in track(scene, trackers).items()]
    scores = motmetrics_scores([record for _, _, record in records])
    return [
        SceneScore(
            scene.family,
            scene.name,
            name,
            {
                **score,
                'false_ids': record.false_ids,
                'nobody': record.nobody,
                'images': len(record.images),
            },
        )
        for (scene, name, record), score in zip(records, scores, strict=True)
    ]


def track(scene: Scene, trackers: Mapping[str, Tracker]) -> dict[str, TrackingRecord]:
    """Run all trackers on a scene."""
    records = {name: TrackingRecord() for name in trackers}
    for tracker in trackers.values():
        tracker.reset()
    for image in render_scene(scene):
        frame = Frame(image.rgb, PixelOrder.RGB, image.stamp_ns)
        for name, tracker in trackers.items():
            records[name].add(image, tracker.track(frame))
    return records


def motmetrics_scores(records: Sequence[TrackingRecord]) -> list[dict[str, float]]:
    """Score records with motmetrics, one by one."""
    with scratch_folder() as folder:
        inputs, scores = Path(folder) / 'records.json', Path(folder) / 'scores.json'
        inputs.write_text(json.dumps([record.images for record in records]))
        command = [peer_python('motmetrics'), SCORER, inputs, scores]
        subprocess.run([str(part) for part in command], env=environment_without_ros(), check=True)
        found: list[dict[str, float]] = json.loads(scores.read_text())
    return found


def _total(family: str, scores: Sequence[SceneScore]) -> dict[str, Any]:
    sums = {name: sum(each.scores[name] for each in scores) for name in scores[0].scores}
    errors = sums['num_misses'] + sums['num_false_positives'] + sums['num_switches']
    matched = 2 * sums['idtp']
    return {
        **sums,
        'family': family,
        'system': scores[0].system,
        'n': len(scores),
        'there': sums['num_objects'] / sums['images'],
        'found': (sums['num_objects'] - sums['num_misses']) / sums['images'],
        'nobody': 100 * sums['nobody'] / sums['images'],
        'mota': 1 - errors / sums['num_objects'],
        'idf1': matched / (matched + sums['idfp'] + sums['idfn']),
    }


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='one landmark model, every fourth scene',
            section='identity',
            page=PAGE,
            options={**BEFORE, **parts_option(PARTS)},
        )
    )
