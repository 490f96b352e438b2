"""MediaPipe on the same machine, on its CPU, where it runs without anything else."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measuring.processes import SideError, SideProcess
from measuring.statistics import spread
from measuring.stream_contestants import Races
from measuring.stream_scenes import BLOCK, SIZES, StreamScene
from on_device.times import LatencyRow

SCENE = StreamScene('720p', SIZES['720p'], 1)


def peer_rows(model: str, samples: int) -> tuple[list[LatencyRow], list[str]]:
    """Measure the peer that has this landmark model, following one face.

    Returns:
        Its row, none where it does not run, and a line for each reason why.
    """
    races = Races(None)
    peer = races.following(model, SCENE.faces).peer
    if peer is None:
        return [], races.left_out
    with tempfile.TemporaryDirectory(prefix='facemesh-bench-') as folder:
        file = SCENE.write(Path(folder))
        try:
            with SideProcess(peer) as side:
                block = side.block(file, samples, warm_up=BLOCK, stream=True)
        except SideError as error:
            return [], [str(error)]
    return [
        LatencyRow(f'{peer.name}, following one face on the CPU', spread(block['wall_ms']))
    ], []
