"""The lines of the tables, from what a session has found."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from dds.processes import Memory
from dds.session import Found
from dds.settings import Setting
from measuring.statistics import Spread, spread

OTHER = 'other'


@dataclass(frozen=True)
class Work:
    """What an image takes in the node's thread, medians in ms.

    Attributes:
        image: All of it.
        networks: Of it, in the networks.
        rest: Of it, beside the networks: median of the differences.
        rest_cpu: The same as processor time.
        stages: Of the rest, in each stage; `other` is what lies around them.
    """

    image: float
    networks: float
    rest: float
    rest_cpu: float
    stages: dict[str, float]


@dataclass(frozen=True)
class RosRow:
    """A setting, measured.

    Attributes:
        setting: Which.
        published: From the image's stamp to publishing, as the messages say, ms.
        received: From the stamp until a listener has the message, ms.
        rates_hz: Landmark messages of the slowest and of the quickest camera.
        sent: Images of all cameras.
        dropped: Replaced by newer ones in the node.
        lost: Not answered and not dropped: lost on the way.
        cpu_ms: Processor time of the nodes for each answered image, all threads together.
        memory: Of the largest node.
        work: Where the time goes.
        message_bytes: Size of a message by output.
    """

    setting: Setting
    published: Spread
    received: Spread
    rates_hz: tuple[float, float]
    sent: int
    dropped: int
    lost: int
    cpu_ms: float
    memory: Memory
    work: Work
    message_bytes: dict[str, int]


def ros_row(setting: Setting, found: Found) -> RosRow:
    """Return the row of a session."""
    streams = [Stream(lines, found.window_ns) for lines in found.heard['landmarks'].values()]
    heard = [line for stream in streams for line in stream.lines]
    seconds = (found.window_ns[1] - found.window_ns[0]) / 1e9
    rates = [len(stream.lines) / seconds for stream in streams]
    sent = sum(within(stamps, found.window_ns) for stamps in found.sent.values())
    dropped = sum(stream.dropped for stream in streams)
    return RosRow(
        setting=setting,
        published=spread([latency_ms for _, _, latency_ms, _, _ in heard]),
        received=spread([(came_ns - stamp_ns) / 1e6 for stamp_ns, came_ns, *_ in heard]),
        rates_hz=(min(rates), max(rates)),
        sent=sent,
        dropped=dropped,
        lost=max(0, sent - len(heard) - dropped),
        cpu_ms=1e3 * found.cpu_s / len(heard),
        memory=max(found.memories, key=lambda memory: memory.peak),
        work=work_of([one for one in found.images if inside(one['ns'], found.window_ns)]),
        message_bytes={topic.rpartition('/')[2]: n for topic, n in found.heard['bytes'].items()},
    )


class Stream:
    """The landmark messages of one camera, of images that were taken in the window.

    Attributes:
        lines: As the listener wrote them.
        dropped: How many images were dropped meanwhile.
    """

    def __init__(self, lines: Sequence[Sequence[float]], window_ns: tuple[int, int]) -> None:
        self.lines = [line for line in lines if inside(line[0], window_ns)]
        before = [line[3] for line in lines if line[0] < window_ns[0]]
        counts = [*before[-1:], *(line[3] for line in self.lines)]
        self.dropped = round(counts[-1] - counts[0]) if counts else 0


def inside(ns: float, window_ns: tuple[int, int]) -> bool:
    """Tell whether a time is in the window."""
    return window_ns[0] <= ns < window_ns[1]


def within(stamps_ns: Sequence[int], window_ns: tuple[int, int]) -> int:
    """Count the stamps in the window."""
    return bisect_left(stamps_ns, window_ns[1]) - bisect_left(stamps_ns, window_ns[0])


def work_of(images: Sequence[dict[str, Any]]) -> Work:
    """Return where the time of images goes."""
    rests = [one['image'][0] - one['networks'][0] for one in images]
    names = dict.fromkeys(name for one in images for name in one['rest'])
    stages = {name: median(one['rest'].get(name, 0.0) for one in images) for name in names}
    stages[OTHER] = median(
        rest - sum(one['rest'].values()) for rest, one in zip(rests, images, strict=True)
    )
    return Work(
        image=median(one['image'][0] for one in images),
        networks=median(one['networks'][0] for one in images),
        rest=median(rests),
        rest_cpu=median(one['image'][1] - one['networks'][1] for one in images),
        stages=stages,
    )
