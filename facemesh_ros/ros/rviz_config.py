"""RViz's configuration for one node: its name, and displays for each of its cameras."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

import yaml


def rviz_config(text: str, node_name: str, cameras: Sequence[str]) -> str:
    """Return a configuration for the topics of this node, from that of a node with one camera.

    Topics stay relative: RViz is started in the node's namespace.
    """
    config = yaml.safe_load(text)
    manager = config['Visualization Manager']
    manager['Displays'] = [
        _display(display, node_name, camera)
        for display in manager['Displays']
        for camera in (cameras if 'Topic' in display else []) or ['']
    ]
    return str(yaml.safe_dump(config, sort_keys=False))


def _display(display: dict[str, Any], node_name: str, camera: str) -> dict[str, Any]:
    if 'Topic' not in display:
        return display
    folder, name = posixpath.split(display['Topic']['Value'])
    topic = posixpath.join(node_name if folder else '', camera, name)
    title = f'{camera}: {display["Name"]}' if camera else display['Name']
    return {**display, 'Name': title, 'Topic': {**display['Topic'], 'Value': topic}}
