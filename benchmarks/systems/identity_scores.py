"""Scores of track ids by motmetrics; usage: identity_scores.py RECORDS.json SCORES.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import motmetrics
import numpy as np

METRICS = (
    *('num_switches', 'num_transfer', 'num_fragmentations', 'num_false_positives', 'num_misses'),
    *('num_objects', 'num_unique_objects', 'idtp', 'idfp', 'idfn'),
)


def main() -> None:
    """Score each record by itself."""
    records = json.loads(Path(sys.argv[1]).read_text())
    Path(sys.argv[2]).write_text(json.dumps([scores_of(images) for images in records]))


def scores_of(images: list[dict[str, Any]]) -> dict[str, float]:
    """Return the metrics of one record, and the number of ids per person beyond the first."""
    events = motmetrics.MOTAccumulator(auto_id=True)
    for image in images:
        shape = len(image['people']), len(image['ids'])
        distances = np.array(image['distances'], float).reshape(shape)
        events.update(image['people'], image['ids'], distances)
    summary = motmetrics.metrics.create().compute(events, metrics=list(METRICS))
    matched = events.mot_events[events.mot_events.Type.isin(['MATCH', 'SWITCH'])]
    extra_ids = len(matched[['OId', 'HId']].drop_duplicates()) - matched.OId.nunique()
    scores = {name: float(summary[name].iloc[0]) for name in METRICS}
    return {**scores, 'extra_ids': float(extra_ids)}


if __name__ == '__main__':
    main()
