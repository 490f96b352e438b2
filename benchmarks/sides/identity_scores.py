"""Scores of ids by motmetrics; usage: identity_scores.py SEQUENCES.json SCORES.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import motmetrics
import numpy as np

METRICS = (
    'num_switches',
    'num_transfer',
    'num_fragmentations',
    'num_false_positives',
    'num_misses',
    'num_objects',
    'num_unique_objects',
    'mota',
    'idf1',
    'idtp',
    'idfp',
    'idfn',
)


def main() -> None:
    """Score each sequence by itself."""
    sequences = json.loads(Path(sys.argv[1]).read_text())
    scores = [scores_of(sequence['images']) for sequence in sequences]
    Path(sys.argv[2]).write_text(json.dumps(scores))


def scores_of(images: list[dict[str, Any]]) -> dict[str, float]:
    """Return the metrics of one sequence, and how many ids its people were given."""
    events = motmetrics.MOTAccumulator(auto_id=True)
    for image in images:
        shape = len(image['people']), len(image['ids'])
        distances = np.array(image['distances'], float).reshape(shape)
        events.update(image['people'], image['ids'], distances)
    summary = motmetrics.metrics.create().compute(events, metrics=list(METRICS))
    matched = events.mot_events[events.mot_events.Type.isin(['MATCH', 'SWITCH'])]
    ids = len(matched[['OId', 'HId']].drop_duplicates())
    people = matched.OId.nunique()
    return {name: float(summary[name].iloc[0]) for name in METRICS} | {
        'extra_ids': float(ids - people)
    }


if __name__ == '__main__':
    main()
