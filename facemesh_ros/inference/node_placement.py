"""Where the nodes of a model really ran, read off ONNX Runtime's profiler."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

from facemesh_ros.inference.provider_options import EngineFolder
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelSession


def executed_nodes(
    onnx: bytes, choice: ProviderChoice, folder: EngineFolder | None = None
) -> dict[str, int]:
    """Run a model once and count the nodes that each provider executed.

    Slower than `ModelSession.placement`, but every release of ONNX Runtime can tell. After fusion
    there are fewer nodes than the model file has.
    """
    with tempfile.TemporaryDirectory(prefix='facemesh-') as place:
        network = ModelSession(onnx, choice, profile=f'{place}/run', folder=folder)
        network.try_once()
        network.end_profile()
        (written,) = Path(place).iterdir()
        events = json.loads(written.read_text())
    ran = {
        (event['name'], event['args']['provider'])
        for event in events
        if event.get('cat') == 'Node' and event.get('args', {}).get('provider')
    }
    return dict(Counter(provider for _, provider in ran))
