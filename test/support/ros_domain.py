"""A DDS domain that no other run on this machine has, however many run at once."""

from __future__ import annotations

import os
import tempfile
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

# Up to 101 and from 215 to 232 no port of a domain is one that the kernel gives to others.
TESTS, BENCHMARKS = range(20, 100), range(215, 232)
# Open files hold the locks until this process ends, in whatever way.
_held: list[IO[str]] = []


def own_domain(domains: range = TESTS) -> int:
    """Return an id of `domains` that is this process's own from now on.

    Raises:
        RuntimeError: If others have all of them.
    """
    first = os.getpid() % len(domains)  # runs that share the network, but not the files, differ
    for domain in (*domains[first:], *domains[:first]):
        try:
            path = Path(tempfile.gettempdir()) / f'facemesh_ros_domain_{domain}.lock'
            file = path.open('w')
        except OSError:  # another user's
            continue
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except OSError:
            file.close()
            continue
        _held.append(file)
        return domain
    raise RuntimeError(f'all DDS domains from {domains[0]} to {domains[-1]} are in use')
