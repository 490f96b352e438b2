"""Options of a GPU side by side, and whole images on it: latency, cameras, memory, a lower bound.

Variants (fp32, fp16, NHWC, fused bias, TF32; with and without CUDA graphs) are measured in turn,
each in a process of its own, and it says which to prefer. Tables are printed, and --json is
written, as they come. Nothing is measured where no GPU runs the models: it says why and returns 1.
With --provider cpu the same code runs on the CPU, to test it; such figures are meant for nothing
else.

    ./run bench --gpu [--minutes 10] [--precision fp16] [--limit-s 240] [--json FILE]

On a machine without ROS and ./run: `python3 benchmarks/gpu.py`, with onnxruntime-gpu, NumPy,
OpenCV and a folder of models in $FACEMESH_MODEL_DIR; --portrait brings a face where scikit-image
is not installed.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where the package is not installed
sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import cv2
from common.command import MeasurementError, benchmark_parser, log, scratch_folder
from common.machine import conditions, cores_in_use
from common.report import Report, Table
from gpu_measurements.image_parts import PARTS, ImageParts
from gpu_measurements.recommendation import MOST_PX, MOST_PX_95, recommendations
from gpu_measurements.scene import IMAGE_WH, make_scene
from gpu_measurements.time_limit import TimeLimit
from gpu_measurements.variant_rounds import VariantRounds, works_of
from gpu_measurements.variants import AGAIN, DEFAULT, REFERENCE, VARIANTS

from facemesh_ros.assembly.models import select_landmark_model
from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import names_of
from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.hardware import nvidia_driver
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.models.store import ModelStore

CPU_TEST = 'ON THE CPU: THIS TESTS THE CODE; NO FIGURE HERE SAYS ANYTHING ABOUT A GPU'
HOW_TO_READ = (
    'Variants: *GPU* is the time between two CUDA events around runs of the graph, one after '
    'another, for each; *host* is the rest of a call: Python, copies, waiting. '
    f'*by {DEFAULT.name}* is the ratio of the medians, below 1 faster, with its lowest and '
    f'highest round; *{AGAIN.name}* shows what of it is noise. *px* is the distance from '
    f'{REFERENCE.name} on the same crops: at most {MOST_PX_95} in 95 % and {MOST_PX} anywhere, '
    'or a variant is not recommended.'
)
# Of the time limit; whole images come after them.
VARIANTS_SHARE = 0.6
QUERY = 'name,driver_version,memory.total,clocks.max.sm,clocks.max.memory,power.limit'
CLOCKS = 'clocks.sm,clocks.mem,temperature.gpu,power.draw'
OPTIONS: dict[str, dict[str, Any]] = {
    '--provider': {'choices': ('cuda', 'cpu'), 'default': 'cuda'},
    '--device-id': {'type': int, 'default': 0},
    '--precision': {'choices': ('fp32', 'fp16'), 'default': 'fp32', 'help': 'of whole images'},
    '--model': {'choices': ('auto', *names_of(Kind.LANDMARKS)), 'default': 'auto'},
    '--portrait': {'type': Path, 'metavar': 'FILE', 'help': 'a picture of the face to move'},
    '--variants': {'nargs': '+', 'choices': [each.name for each in VARIANTS], 'metavar': 'NAME'},
    '--batches': {'nargs': '+', 'type': int, 'default': [1, 8, 64], 'help': 'of variants'},
    '--rounds': {'type': int, 'default': 8, 'help': 'of variants (default 8)'},
    '--block': {'type': int, 'default': 40, 'help': 'calls of a round, one face (default 40)'},
    '--parts': {'nargs': '*', 'choices': PARTS, 'default': PARTS, 'help': 'of whole images'},
    '--samples': {'type': int, 'default': 200, 'help': 'of each latency (default 200)'},
    '--faces': {'type': int, 'default': 64, 'help': 'most in one image (default 64)'},
    '--cameras': {'type': int, 'default': 32, 'help': 'simulated (default 32)'},
    '--rate': {'type': float, 'default': 30.0, 'help': 'of each camera, Hz (default 30)'},
    '--seconds': {'type': float, 'default': 10.0, 'help': 'of cameras (default 10)'},
    '--minutes': {'type': float, 'default': 0.3, 'help': 'of memory (default 0.3)'},
    '--limit-s': {'type': float, 'default': 240.0, 'help': 'of everything (default 240)'},
}
QUICK = {'rounds': 5, 'block': 10, 'samples': 50, 'seconds': 3.0, 'minutes': 0.1}


@dataclass
class Output:
    """Prints what is new, and writes everything that is known so far.

    Attributes:
        report: Grows.
        file: For JSON; None for none.
    """

    report: Report
    file: Path | None

    def show(self, text: str) -> None:
        """Print a piece of the report, and keep its file up to date."""
        print(text, end='\n\n', flush=True)
        self.save()

    def add(self, table: Table) -> None:
        """Take a table that will not change any more, and print it."""
        self.report.tables.append(table)
        self.show(table.as_section())

    def save(self) -> None:
        """Write the file whole, so that a run that is cut leaves one that can be read."""
        if self.file:
            part = self.file.with_name(self.file.name + '.part')
            part.write_text(self.report.as_json() + '\n')
            part.replace(self.file)


def measure(chosen: Namespace, output: Output, limit: TimeLimit) -> None:
    """Measure everything; raises MeasurementError if there is no GPU."""
    before = cores_in_use()
    with ExitStack() as undo:
        job = {'scene': undo.enter_context(scratch_folder()), 'model': chosen.model}
        with limit.part('images and faces in them, on the CPU'):
            make_scene(chosen.model, chosen.portrait).save(Path(job['scene']))
        _measure_variants(chosen, job, output, limit, before)
        choice = ProviderChoice(
            chosen.provider, device_id=chosen.device_id, precision=_precision(chosen)
        )
        options = {
            name: getattr(chosen, name)
            for name in ('samples', 'faces', 'cameras', 'rate', 'seconds', 'minutes')
        }
        images = ImageParts({**job, **options, 'choice': asdict(choice)}, limit, output.add)
        images.measure(chosen.parts)
    output.report.left_out = [*images.failed, *limit.not_reached]


def _measure_variants(
    chosen: Namespace, job: dict[str, Any], output: Output, limit: TimeLimit, before: float
) -> None:
    variants = [each for each in VARIANTS if not chosen.variants or each.name in chosen.variants]
    works, own = works_of(chosen.model, chosen.batches, chosen.block), limit.share(VARIANTS_SHARE)
    rounds = VariantRounds(works, job, chosen.provider, chosen.device_id, own)
    report = output.report

    def save() -> None:
        report.tables = list(rounds.tables())
        output.save()

    with ExitStack() as undo:
        with limit.part('variants: opening'):
            rounds.open(variants, undo)
        report.about = conditions(before, **_facts(chosen, rounds.facts))
        with limit.part('variants: measuring'):
            rounds.measure(chosen.rounds, save)
        report.about['clocks after the variants'] = _nvidia_smi(chosen, CLOCKS)
    sentences = recommendations(rounds.results, [work.name for work in works])
    report.data['recommendations'] = sentences
    save()
    output.show(report.head())
    for table in report.tables:
        output.show(table.as_section())
    output.show('\n'.join(f'- {sentence}' for sentence in sentences))


def _precision(chosen: Namespace) -> str:
    return 'fp32' if chosen.provider == 'cpu' else str(chosen.precision)


def _facts(chosen: Namespace, facts: dict[str, Any]) -> dict[str, Any]:
    """Return device, driver, versions and placement."""
    on_cpu, gpus = chosen.provider == 'cpu', facts['gpus']
    device = gpus[chosen.device_id] if chosen.device_id < len(gpus) else 'unknown'
    return {
        'device': 'CPU' if on_cpu else device,
        'nvidia-smi': _nvidia_smi(chosen, QUERY),
        'driver': nvidia_driver() or 'none',
        'versions': facts['versions'],
        'precision of whole images': _precision(chosen),
        'landmark model': chosen.model,
        'nodes': facts['nodes'],
        'images': f'{IMAGE_WH[0]}x{IMAGE_WH[1]} bgr8, a new one each time, in pageable memory',
    }


def _nvidia_smi(chosen: Namespace, query: str) -> str:
    if chosen.provider == 'cpu':
        return 'not asked'
    command = ['nvidia-smi', f'--query-gpu={query}', '--format=csv,noheader', '-i']
    command.append(str(chosen.device_id))
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return 'does not answer'
    return f'{query}: {done.stdout.strip()}'


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = benchmark_parser(__doc__, quick='fewer rounds and samples', options=OPTIONS)
    chosen = parser.parse_args()
    if chosen.quick:
        for name, value in QUICK.items():
            setattr(chosen, name, min(value, getattr(chosen, name)))
    asked_s = 60 * chosen.minutes + 2 * chosen.seconds
    if chosen.limit_s < asked_s:
        parser.error(f'--seconds and --minutes alone take {asked_s:.0f} s: raise --limit-s')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    cv2.setNumThreads(1)
    introduction = CPU_TEST if chosen.provider == 'cpu' else ''
    report = Report('\n\n'.join(filter(None, [introduction, HOW_TO_READ])), {})
    output, limit = Output(report, chosen.json), TimeLimit(chosen.limit_s)
    try:
        chosen.model = select_landmark_model(chosen.model, ModelStore())
        measure(chosen, output, limit)
    except (MeasurementError, FacemeshError) as error:
        log(str(error))
        return 1
    took = [{'part': name, 's': seconds} for name, seconds in limit.took_s.items()]
    output.add(Table('took', 'Time, s', [('part', '{part}'), ('s', '{s:.1f}')], took))
    if report.left_out:
        output.show('\n'.join(f'Left out: {line}' for line in report.left_out))
    return 0


if __name__ == '__main__':
    sys.exit(main())
