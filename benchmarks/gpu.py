"""Whole images on a GPU: latency, throughput, many cameras and memory, against the floor.

Nothing is measured where no GPU runs the models: it says why and returns 1. With --provider cpu
the same code runs on the CPU, to try it; such a table is meant for nothing else.

    ./run bench --gpu [--minutes 10] [--precision fp16] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

import cv2
from measuring.markdown import bullets, table
from on_device.about import about
from on_device.cameras import Cameras, camera_rows
from on_device.contestant import Contestant, opened
from on_device.floor import floor_rows
from on_device.memory import MemoryWatch, memory_row
from on_device.peers import peer_rows
from on_device.times import face_rows, latency_rows

from facemesh_ros.assembly.models import select_landmark_model
from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import names_of
from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.models.store import ModelStore

FOR_TRIAL = 'ON THE CPU: THIS TRIES THE CODE; NO FIGURE HERE SAYS ANYTHING ABOUT A GPU'


def main() -> int:
    """Measure and print; 1 if there is no GPU."""
    chosen = arguments()
    cv2.setNumThreads(1)
    store = ModelStore()
    chosen.model = select_landmark_model(chosen.model, store)
    choice = ProviderChoice(
        chosen.provider, device_id=chosen.device_id, precision=chosen.precision
    )
    try:
        contestant = opened(
            store,
            choice,
            chosen.model,
            streams=chosen.cameras,
            most_faces=chosen.faces,
        )
    except FacemeshError as error:
        tell(f'no GPU runs the models here, so nothing was measured: {error}')
        return 1
    try:
        report = measured(contestant, choice, chosen)
    finally:
        contestant.device.close()
    if chosen.json:
        chosen.json.write_text(json.dumps(report, indent=2) + '\n')
    return 0


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('--provider', choices=('cuda', 'cpu'), default='cuda')
    parser.add_argument('--device-id', type=int, default=0)
    parser.add_argument('--precision', choices=('fp32', 'fp16'), default='fp32')
    parser.add_argument('--model', choices=('auto', *names_of(Kind.LANDMARKS)), default='auto')
    parser.add_argument('--samples', type=int, default=300, help='of each latency (default 300)')
    parser.add_argument('--faces', type=int, default=64, help='in one image, most (default 64)')
    parser.add_argument('--cameras', type=int, default=32, help='simulated (default 32)')
    parser.add_argument('--rate', type=float, default=30.0, help='of each, Hz (default 30)')
    parser.add_argument('--seconds', type=float, default=20.0, help='of cameras (default 20)')
    parser.add_argument('--minutes', type=float, default=0.5, help='of memory (default 0.5)')
    parser.add_argument('--json', type=Path, metavar='FILE')
    return parser.parse_args()


def measured(
    contestant: Contestant, choice: ProviderChoice, chosen: argparse.Namespace
) -> dict[str, object]:
    """Measure one thing after the other, and print each as it comes."""
    facts = about(contestant, choice)
    if choice.execution_provider == 'cpu':
        facts = {'WARNING': FOR_TRIAL, **facts}
    print(bullets(facts), flush=True)
    report: dict[str, object] = {'about': facts}

    def show(title: str, titles: str, rows: list) -> None:
        report[title] = [asdict(row) for row in rows]
        print(
            f'\n{title}:\n\n' + table(titles.split('|'), [row.cells() for row in rows]), flush=True
        )

    spread = 'n|median|p95|p99'
    peers, left_out = peer_rows(chosen.model, chosen.samples)
    for line in left_out:
        tell(f'left out: {line}')
    show(
        '1280x720, host bytes to host landmarks, ms',
        f'what|{spread}',
        [*latency_rows(contestant, chosen.samples), *peers],
    )
    show(
        'Faces of one image, ms',
        f'faces|{spread}|each further face|faces/s',
        face_rows(contestant, chosen.samples),
    )
    cameras = Cameras(chosen.cameras, chosen.rate, chosen.seconds)
    show(
        'Cameras at once, from the moment an image is due to its landmarks, ms',
        f'what|cameras|Hz asked|Hz done|{spread}',
        camera_rows(contestant, cameras),
    )
    show(
        'Floor, from what the graphs read and write',
        'graph|batch|kernels|MMAC|MB|floor, ms',
        floor_rows(contestant, choice),
    )
    show(
        'Memory while the number of faces changes, MB',
        'minutes|runs|start|lowest|highest|end',
        [memory_row(contestant, MemoryWatch(choice), chosen.minutes)],
    )
    return report


def tell(line: str) -> None:
    """Show a line that belongs to no table."""
    print(line, file=sys.stderr)


if __name__ == '__main__':
    sys.exit(main())
