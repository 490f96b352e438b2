"""The node's own `main`, and a thread that counts what its allocators hold in use, if asked to.

Usage: counted_node.py OUTPUT ROS_ARGUMENTS…; an empty file OUTPUT is the request. It is replaced
by one line: MiB that the C library's allocator has given away, and blocks of Python's, after its
garbage was collected. Resident memory is not that: it has up to 64 MiB in it that are free, kept
for the next image, and garbage in cycles stays until Python looks for it.
"""

from __future__ import annotations

from facemesh_ros.ros.process.malloc import keep_freed_memory

if __name__ == '__main__':
    keep_freed_memory()  # as the node does, before the other imports start threads

import gc
import os
import sys
import time
from pathlib import Path
from threading import Thread

from facemesh_ros.ros import node
from facemesh_ros.ros.process.unused_memory import bytes_in_use

PERIOD_S = 0.2
MIB = 2**20


def heap_mib() -> float:
    """Return what malloc has given away, MiB; NaN where the C library does not say it."""
    in_use = bytes_in_use()
    return float('nan') if in_use is None else in_use / MIB


def _count_when_asked(output: Path) -> None:
    scratch = output.with_suffix('.new')
    while True:
        if output.exists() and not output.stat().st_size:
            gc.collect()
            scratch.write_text(f'{heap_mib():.3f} {sys.getallocatedblocks()}\n')
            os.replace(scratch, output)
        time.sleep(PERIOD_S)


if __name__ == '__main__':
    Thread(target=_count_when_asked, args=(Path(sys.argv.pop(1)),), daemon=True).start()
    sys.exit(node.main())
