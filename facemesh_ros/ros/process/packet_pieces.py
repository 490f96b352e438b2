"""What the kernel keeps of packets that arrived in pieces, of which some are missing.

A message is larger than a packet of the network and travels in pieces. Those whose others were
lost are kept for half a minute; once they fill their memory no message in pieces arrives any more.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

SOCKETS = Path('/proc/net/sockstat')
LIMIT = Path('/proc/sys/net/ipv4/ipfrag_high_thresh')
# Of the memory; it is full before the next packet fits no more.
FULL_SHARE = 0.9
REMEDY = (
    'packets are lost on the way, and the kernel keeps the pieces of others for so long that no '
    'more fit: sysctl -w net.ipv4.ipfrag_time=1 on this machine, or, with Fast DDS, the camera '
    'started with the profile fastdds_lossy_network.xml (docs/scaling.md)'
)


def is_full(sockets: Path = SOCKETS, limit: Path = LIMIT) -> bool:
    """Return whether the memory for pieces is full; False where Linux does not say."""
    with suppress(OSError, ValueError):
        used = re.search(r'^FRAG: .*\bmemory (\d+)', sockets.read_text(), re.M)
        return used is not None and int(used[1]) >= FULL_SHARE * int(limit.read_text())
    return False
