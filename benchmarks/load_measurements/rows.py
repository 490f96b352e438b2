"""Rows of a load measurement: order and age of the results, and what services take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from common.report import Table
from common.timings import spread
from load_measurements.asked import Asked
from ros_graph.rows import session_row
from ros_graph.session import Session
from ros_graph.settings import Setting

SERVICE_MS, PROCESSING_TIMES = 100.0, 2.0
COLUMNS = [
    *(('load', '{name}'), ('sent, Hz', '{sent_hz:.0f}'), ('answered, Hz', '{answered_hz:.0f}')),
    *(('dropped', '{dropped}'), ('lost', '{lost}'), ('an image p50, ms', '{image_ms.median:.1f}')),
    *(('p99', '{image_ms.p99:.1f}'), ('age p50, ms', '{published.median:.1f}')),
    *(('p99', '{published.p99:.1f}'), ('in order', '{in_order}')),
    ('age, first and last third', '{first_age:.1f}, {last_age:.1f}'),
    ('in images, p50', '{median_ratio:.2f}'),
    ('p99', '{p99_ratio:.2f}'),
    ('service p50, ms', '{service.median:.1f}'),
    *(('p99', '{service.p99:.1f}'), ('largest', '{service.largest:.1f}')),
    *(('of an idle node p50, ms', '{idle.median:.1f}'), ('p99', '{idle.p99:.1f}')),
    ('held', '{held}'),
]


def load_row(name: str, setting: Setting, session: Session, asked: Asked) -> dict[str, Any]:
    """Evaluate a session; see `COLUMNS` and, for its other items, `session_row`."""
    row = session_row(setting, session)
    start_ns, end_ns = session.window_ns
    seconds = (end_ns - start_ns) / 1e9
    within = [one for one in session.images if start_ns <= one['ns'] < end_ns]
    image_ms = spread([one['taken'][0] + one['image'][0] for one in within])
    streams = list(session.heard['landmarks'].values())
    heard = sorted((line for stream in streams for line in stream), key=lambda line: line[1])
    ages = [line[2] for line in heard]
    third = max(1, len(ages) // 3)
    service = spread([ms for times in asked.taken_ms.values() for ms in times])
    median_ratio, p99_ratio = (
        getattr(row['published'], part) / getattr(image_ms, part) for part in ('median', 'p99')
    )
    in_order = all(
        after[0] > before[0] for stream in streams for before, after in pairwise(stream)
    )
    young = max(median_ratio, p99_ratio) <= PROCESSING_TIMES
    held = in_order and young and service.p99 <= SERVICE_MS
    return {
        **row,
        'name': name,
        'sent_hz': row['sent'] / seconds,
        'answered_hz': row['received'].n / seconds,
        'image_ms': image_ms,
        'in_order': 'yes' if in_order else '**no**',
        'first_age': float(np.median(ages[:third])),
        'last_age': float(np.median(ages[-third:])),
        'median_ratio': median_ratio,
        'p99_ratio': p99_ratio,
        'service': service,
        'services': {name: spread(times) for name, times in asked.taken_ms.items()},
        'idle': spread(asked.idle_ms),
        'held': 'yes' if held else '**no**',
    }


def load_tables(rows: Sequence[Mapping[str, Any]]) -> list[Table]:
    """Return the tables of rows by `load_row`."""
    services = [
        {'name': row['name'], 'service': name, 'ms': taken}
        for row in rows
        for name, taken in row['services'].items()
    ]
    columns = [
        *(('load', '{name}'), ('service', '{service}'), ('n', '{ms.n}')),
        *(
            ('p50, ms', '{ms.median:.1f}'),
            ('p99', '{ms.p99:.1f}'),
            ('largest', '{ms.largest:.1f}'),
        ),
    ]
    return [
        Table('rows', 'Under load', COLUMNS, rows),
        Table('services', 'Each service', columns, services),
    ]
