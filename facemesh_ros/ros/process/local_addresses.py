"""The addresses of this machine, by which the middleware is reached."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

# One line for each node of the routing table, and below it what that is.
ROUTES = Path('/proc/net/fib_trie')
_LOCAL = re.compile(r'\|-- (\S+)\n +/32 host LOCAL')


def local_addresses(routes: Path = ROUTES) -> frozenset[str]:
    """Return the IPv4 addresses of this machine, but loopback; none where Linux does not say."""
    try:
        text = routes.read_text()
    except OSError:
        return frozenset()
    return frozenset(address for address in _LOCAL.findall(text) if not address.startswith('127.'))


@cache
def addresses_at_start() -> frozenset[str]:
    """Return the addresses that this machine had when this was called first."""
    return local_addresses()
