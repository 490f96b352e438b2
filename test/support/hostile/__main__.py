"""Campaigns of hostile input: `./run fuzz [messages|files|node]`.

messages: so many cases against the decoders of messages. files: a coverage-guided fuzzer (atheris,
in an environment of its own) on each kind of files, so many seconds each. node: so many messages
to a running node. All by default; the exit status is 1 if anything broke.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from platform import machine
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from hostile import messages, rules

if TYPE_CHECKING:
    from hostile.running_node import Findings, NodeUnderFire

ROOT = Path(__file__).parents[3]
# The Pythons that atheris 3.0.0 has wheels for.
HAS_ATHERIS = (3, 11), (3, 13)
PARTS = ('messages', 'files', 'node')
DECODERS: dict[str, tuple[SearchStrategy[Any], Callable[[Any], str]]] = {
    'Image': (messages.images, lambda cdr: rules.check_image(cdr, is_compressed=False)),
    'CompressedImage': (
        messages.compressed_images,
        lambda cdr: rules.check_image(cdr, is_compressed=True),
    ),
    'depth': (messages.depths, rules.check_depth),
    'CameraInfo': (messages.camera_infos, rules.check_info),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog='./run fuzz', description=__doc__)
    parser.add_argument('part', nargs='?', choices=PARTS, help='default: all')
    parser.add_argument('--cases', type=int, default=1000, help='of messages, and to the node')
    parser.add_argument('--seconds', type=int, default=10, help='for each kind of files')
    options = parser.parse_args()
    chosen = [options.part] if options.part else PARTS
    runs = {
        'messages': lambda: fuzz_messages(options.cases),
        'files': lambda: fuzz_files(options.seconds),
        'node': lambda: fuzz_node(options.cases),
    }
    results = [runs[part]() for part in chosen]  # all of them, whatever breaks
    return int(not all(results))


def fuzz_messages(cases: int) -> bool:
    """Check so many hostile messages, a quarter of each kind; hypothesis prints what breaks."""
    for name in DECODERS:
        began_s = time.monotonic()
        outcomes, longest_s = _outcomes(*DECODERS[name], max(1, cases // len(DECODERS)))
        used_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(
            f'{name}: {sum(outcomes.values())} cases in {time.monotonic() - began_s:.0f} s, '
            f'{dict(outcomes)}, {1e3 * longest_s:.0f} ms CPU at most, {used_mb:.0f} MB at most',
            flush=True,
        )
    return True


def _outcomes(
    strategy: SearchStrategy[Any], check: Callable[[Any], str], cases: int
) -> tuple[Counter[str], float]:
    """Return what became of so many cases, and the CPU time of the longest, s."""
    outcomes: Counter[str] = Counter()
    longest_s = 0.0

    @settings(
        max_examples=cases,
        phases=[Phase.generate, Phase.shrink],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def one(case: Any) -> None:
        nonlocal longest_s
        began_s = time.thread_time()
        outcomes[check(case)] += 1
        longest_s = max(longest_s, time.thread_time() - began_s)

    one()
    return outcomes, longest_s


def fuzz_files(seconds: int) -> bool:
    """Run the coverage-guided fuzzer on each kind of files; where it has no wheel, say so."""
    if not (HAS_ATHERIS[0] <= sys.version_info[:2] <= HAS_ATHERIS[1]) or machine() != 'x86_64':
        version = '.'.join(map(str, sys.version_info[:2]))
        print(f'files: skipped, as atheris has no wheel for Python {version} on {machine()}')
        return True
    sys.path.append(str(ROOT / 'tools'))
    from workspace.peers import peer_python

    from hostile.files import FILE_KINDS

    (packages,) = peer_python('fuzz').parents[1].glob('lib/python3*/site-packages')
    script = Path(__file__).with_name('coverage_guided.py')
    paths = (packages, script.parents[1], os.environ.get('PYTHONPATH', ''))
    variables = {**os.environ, 'PYTHONPATH': os.pathsep.join(map(str, paths))}
    sound = True
    for kind in FILE_KINDS:
        began_s = time.monotonic()
        command = [sys.executable, script, kind, str(seconds)]
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        cases = re.findall(r'number_of_executed_units: (\d+)', done.stderr)
        print(f'{kind}: {"".join(cases)} cases in {time.monotonic() - began_s:.0f} s', flush=True)
        if done.returncode:
            print(f'{kind}: broken', done.stdout, done.stderr, sep='\n', flush=True)
        sound &= done.returncode == 0
    return sound


def fuzz_node(cases: int) -> bool:
    """Send so many messages to running nodes, two thirds raw, and print what they made of them."""
    import cv2
    import numpy as np
    import rclpy
    from ros_domain import own_domain
    from skimage.data import astronaut

    from facemesh_ros.ros.process.dds_profile import (
        use_large_image_profile,
        use_localhost_discovery,
    )
    from hostile.running_node import Campaign, running_node

    os.environ['ROS_DOMAIN_ID'] = str(own_domain())
    use_localhost_discovery()
    use_large_image_profile()
    rclpy.init()
    face = np.ascontiguousarray(cv2.resize(astronaut()[:300, 80:380, ::-1], (160, 160)))
    sound = True
    for transport, share in (('raw', 2 / 3), ('compressed', 1 / 3)):
        log = Path(tempfile.mkdtemp(prefix='facemesh_fuzz_')) / 'log'
        with running_node(log, transport) as node:
            campaign = Campaign(node, transport, face)
            try:
                campaign.run(round(cases * share))
            finally:  # also if the node has ended
                sound &= _tell(transport, campaign.found, node, log)
                campaign.close()
    rclpy.shutdown()
    return sound


def _tell(transport: str, found: Findings, node: NodeUnderFire, log: Path) -> bool:
    """Print what a campaign found; return whether all promises were kept."""
    broken = [*found.problems(), *node.problems()]
    print(
        f'{transport}: {dict(found.sent)}, images {dict(found.outcomes)}; next good image '
        f'{found.waits_ms()} ms at a load of {os.getloadavg()[2]:.0f}; memory '
        f'{found.memory_mb[:1]} to {found.memory_mb[-1:]} MB, {found.growth_bytes:.0f} bytes a '
        f'case; {len(node.refusals())} refusals in {node.refusals().total()} lines ({log})',
        *broken,
        sep='\n  ',
        flush=True,
    )
    return not broken


if __name__ == '__main__':
    sys.exit(main())
