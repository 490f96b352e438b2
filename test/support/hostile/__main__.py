"""Campaigns of hostile input: `./run fuzz [messages|files|node]`.

messages: so many cases against the decoders of messages. files: a coverage-guided fuzzer (atheris,
in an environment of its own) on each kind of files, so many seconds each. node: so many messages
to a running node. All by default; the exit status is 1 if anything broke.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from hostile import messages, rules

ROOT = Path(__file__).parents[3]
PARTS = ('messages', 'files', 'node')
DECODERS: dict[str, tuple[SearchStrategy[Any], Callable[[Any], str]]] = {
    'Image': (messages.images, lambda cdr: rules.check_image(cdr, is_compressed=False)),
    'CompressedImage': (
        messages.compressed_images,
        lambda cdr: rules.check_image(cdr, is_compressed=True),
    ),
    'depth': (messages.depths, rules.check_depth),
    'CameraInfo': (
        messages.wrong(messages.sound_infos()),
        lambda info: rules.check_info(rules.as_msg(info)),
    ),
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
    """Run the coverage-guided fuzzer on each kind of files."""
    sys.path.append(str(ROOT / 'tools'))
    from workspace.environment import environment_without_ros
    from workspace.peers import peer_python

    from hostile.files import FILE_KINDS

    python = peer_python('fuzz')
    script = Path(__file__).with_name('coverage_guided.py')
    paths = os.pathsep.join(map(str, (ROOT, script.parents[1])))
    variables = {**environment_without_ros(), 'PYTHONPATH': paths}
    sound = True
    for kind in FILE_KINDS:
        done = subprocess.run([python, script, kind, str(seconds)], env=variables)
        sound &= done.returncode == 0
    return sound


def fuzz_node(cases: int) -> bool:
    """Send so many messages to running nodes, two thirds raw, and print what they made of them."""
    import cv2
    import numpy as np
    import rclpy
    from skimage.data import astronaut

    from facemesh_ros.ros.process.dds_profile import (
        use_large_image_profile,
        use_localhost_discovery,
    )
    from hostile.running_node import Campaign, running_node

    os.environ['ROS_DOMAIN_ID'] = str(20 + os.getpid() % 80)
    use_localhost_discovery()
    use_large_image_profile()
    rclpy.init()
    face = np.ascontiguousarray(cv2.resize(astronaut()[:300, 80:380, ::-1], (160, 160)))
    sound = True
    for transport, share in (('raw', 2 / 3), ('compressed', 1 / 3)):
        log = Path(tempfile.mkdtemp(prefix='facemesh_fuzz_')) / 'log'
        with running_node(log, transport) as node:
            campaign = Campaign(node, transport, face)
            found = campaign.run(round(cases * share))
            campaign.close()
            broken = [*found.problems(), *node.problems()]
            print(
                f'{transport}: {dict(found.sent)}, images {dict(found.outcomes)}; next good image '
                f'{found.waits_ms()} ms; memory {found.memory_mb[:1]} to {found.memory_mb[-1:]} '
                f'MB, {found.growth_bytes:.0f} bytes a case; {len(node.refusals())} refusals in '
                f'{node.refusals().total()} lines ({log})',
                *broken,
                sep='\n  ',
                flush=True,
            )
            sound &= not broken
    rclpy.shutdown()
    return sound


if __name__ == '__main__':
    sys.exit(main())
