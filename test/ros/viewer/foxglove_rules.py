"""What Foxglove's panels want of the topics and paths that a layout names.

Restated from Foxglove's documentation (Image, 3D, Plot and Diagnostics panels; FoxQL; User
Scripts), foxglove-sdk's `foxglove.layouts`, and Lichtblick, its open successor (IRenderer.ts,
Plot/config.ts, DiagnosticStatus/types.ts, message-path/grammar.ne,
CurrentLayoutContext/actions.ts).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

PICTURES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
CAMERA_INFO = ('sensor_msgs/msg/CameraInfo',)
ANNOTATIONS = ('foxglove_msgs/msg/ImageAnnotations',)
IN_SPACE = (
    'visualization_msgs/msg/MarkerArray',
    'sensor_msgs/msg/PointCloud2',
    *CAMERA_INFO,
)
DIAGNOSTICS = ('diagnostic_msgs/msg/DiagnosticArray',)
# Where scripts of a layout publish, for the layout alone.
OF_SCRIPTS = '/studio_script/'


@dataclass(frozen=True)
class Wanted:
    """A topic that a panel names, and the types that it takes there."""

    panel: str
    topic: str
    types: tuple[str, ...]


def panels_in(node: Any, config_by_id: dict[str, Any]) -> Iterator[str]:
    """Yield the ids of all panels that a layout shows: leaves of its splits, also within tabs."""
    if isinstance(node, str):
        yield node
        for tab in config_by_id.get(node, {}).get('tabs', ()):
            yield from panels_in(tab['layout'], config_by_id)
        return
    assert node['direction'] in ('row', 'column')
    assert 0 < node.get('splitPercentage', 50) < 100
    yield from panels_in(node['first'], config_by_id)
    yield from panels_in(node['second'], config_by_id)


def wanted_topics(panel: str, config: dict[str, Any]) -> Iterator[Wanted]:
    """Yield what a panel subscribes to, but for the paths of plots."""
    kind = panel.partition('!')[0]
    if kind == 'Image':
        mode = config['imageMode']
        yield Wanted(panel, mode['imageTopic'], PICTURES)
        if 'calibrationTopic' in mode:
            yield Wanted(panel, mode['calibrationTopic'], CAMERA_INFO)
        for topic in mode.get('annotations', ()):
            yield Wanted(panel, topic, ANNOTATIONS)
    elif kind == '3D':
        for topic in config['topics']:
            yield Wanted(panel, topic, IN_SPACE)
    elif kind in ('DiagnosticSummary', 'DiagnosticStatusPanel'):
        yield Wanted(panel, config['topicToRender'], DIAGNOSTICS)
    else:
        assert kind in ('Plot', 'Tab'), f'no panel of Foxglove: {kind}'


_PATH = re.compile(r'(?P<topic>(/\w+)+)(?P<fields>(\.\w+(\[\d+\])?)+)')


def parsed(path: str) -> tuple[str, list[str | int]]:
    """Return the topic of a path of a plot, and the fields and indices that follow."""
    found = _PATH.fullmatch(path)
    assert found, f'no path: {path}'
    steps = re.findall(r'\.(\w+)|\[(\d+)\]', found['fields'])
    return found['topic'], [name or int(index) for name, index in steps]


def value_at(message: Any, steps: list[str | int]) -> Any:
    """Return what is at a path of a message."""
    for step in steps:
        message = message[step] if isinstance(step, int) else getattr(message, step)
    return message


def is_plotted(value: Any) -> bool:
    """Whether Foxglove draws a value: numbers and truth values."""
    return isinstance(value, bool | int | float | np.number)
