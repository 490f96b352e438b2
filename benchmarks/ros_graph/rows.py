"""Rows and tables of a session: latency, rate, drops, and where the time of an image goes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from common.report import Table, spread_columns
from common.timings import spread
from ros_graph.session import Session
from ros_graph.settings import Setting

Window = tuple[int, int]
STAGES = (
    *('decode', 'detect', 'landmarks', 'filter', 'blendshapes', 'metric', 'publish', 'markers'),
    'other',
)
SETTING = [
    *(('cameras', '{setting[cameras]}'), ('nodes', '{nodes}')),
    *(('images', '{setting[size]} {setting[transport]}'), ('special', '{special}')),
]
LATENCY = [
    *SETTING,
    *spread_columns('published', 1, 'published, '),
    *spread_columns('received', 1, 'received, '),
    *(('n', '{received.n}'), ('Hz', '{hz}'), ('sent', '{sent}'), ('dropped', '{dropped}')),
    *(('lost', '{lost}'), ('CPU ms', '{cpu_ms:.1f}'), ('MiB', '{memory.peak:.0f}')),
    ('shared', '{memory.shared:.0f}'),
]
WORK = [
    *SETTING,
    *(
        ('way in', '{way_in:.1f}'),
        ('taken', '{taken:.2f}'),
        ('image', '{image:.2f}'),
        ('inference', '{inference:.2f}'),
    ),
    *(('rest', '{rest:.2f}'), ('rest, CPU', '{rest_cpu:.2f}')),
    *((stage, f'{{shown_stages[{stage}]:.2f}}') for stage in STAGES),
]


def session_tables(rows: Sequence[dict[str, Any]]) -> list[Table]:
    """Return the tables of sessions, from `session_row`."""
    title = 'From the stamp of an image until its landmarks are out, ms'
    work = "An image in the node's thread, medians in ms"
    return [Table('rows', title, LATENCY, rows), Table('work', work, WORK, rows)]


def session_row(setting: Setting, session: Session) -> dict[str, Any]:
    """Evaluate a session.

    Returns:
        published: From the image's stamp to publishing, ms; received: to a subscriber.
        sent: Images of all cameras; dropped: replaced by newer ones in the node; lost: neither
        answered nor dropped, that is on the way.
        cpu_ms: Processor time of the nodes per answered image, all threads.
        memory: Of the largest node. Also the items of `work_items`.
    """
    window = session.window_ns
    streams = [_in_window(lines, window) for lines in session.heard['landmarks'].values()]
    heard = [line for lines, _ in streams for line in lines]
    rates = [1e9 * len(lines) / (window[1] - window[0]) for lines, _ in streams]
    sent = sum(
        bisect_left(stamps, window[1]) - bisect_left(stamps, window[0])
        for stamps in session.sent.values()
    )
    dropped = sum(dropped for _, dropped in streams)
    published = spread([latency_ms for _, _, latency_ms, _, _ in heard])
    work = work_items([one for one in session.images if window[0] <= one['ns'] < window[1]])
    single = setting.cameras == 1
    return {
        'setting': asdict(setting),
        'nodes': setting.nodes,
        'special': setting.special,
        'name': setting.name,
        'published': published,
        'received': spread([(came_ns - stamp_ns) / 1e6 for stamp_ns, came_ns, *_ in heard]),
        'slowest_hz': min(rates),
        'fastest_hz': max(rates),
        'hz': f'{min(rates):.1f}' + f' to {max(rates):.1f}' * (not single),
        'sent': sent,
        'dropped': dropped,
        'lost': max(0, sent - len(heard) - dropped),
        'cpu_ms': 1e3 * session.cpu_s / len(heard),
        'memory': max(session.memories, key=lambda memory: memory.peak),
        'message_bytes': {
            topic.rpartition('/')[2]: size for topic, size in session.heard['bytes'].items()
        },
        # Images of several cameras also wait for one another.
        'way_in': published.median - work['image'] if single else None,
        **work,
    }


def _in_window(
    lines: Sequence[Sequence[float]], window: Window
) -> tuple[list[Sequence[float]], int]:
    """Return the messages of images taken in the window, and the images dropped meanwhile."""
    inside = [line for line in lines if window[0] <= line[0] < window[1]]
    before = [line[3] for line in lines if line[0] < window[0]]
    counts = [*before[-1:], *(line[3] for line in inside)]
    return inside, round(counts[-1] - counts[0]) if counts else 0


def work_items(images: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return where the time of images in the node's thread goes, medians in ms.

    Returns:
        taken: To take it out of the middleware; image: all from then on; inference: of it, in the
        models; rest and rest_cpu: the difference, as wall and processor time; stages: of the rest,
        by stage, `other` outside of all stages.
    """
    rests = [one['image'][0] - one['inference'][0] for one in images]
    names = dict.fromkeys(name for one in images for name in one['stages'])
    stages = {name: median(one['stages'].get(name, 0.0) for one in images) for name in names}
    stages['other'] = median(
        rest - sum(one['stages'].values()) for rest, one in zip(rests, images, strict=True)
    )
    return {
        'taken': median(one['taken'][0] for one in images),
        'image': median(one['image'][0] for one in images),
        'inference': median(one['inference'][0] for one in images),
        'rest': median(rests),
        'rest_cpu': median(one['image'][1] - one['inference'][1] for one in images),
        'stages': stages,
        'shown_stages': {name: stages.get(name) for name in STAGES},
    }
