"""What a process asked of the network, seen from outside: its system calls, read by strace."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

# Where DDS looks for others on the same network.
DDS_MULTICAST = ipaddress.ip_network('239.255.0.0/16')
_SOCKET = re.compile(r'socket\((AF_INET6?), (\w+)')
_CONNECT = re.compile(r'connect\(\d+, \{sa_family=(AF_INET6?),')
_DESTINATION = re.compile(
    r'(?:sendto|sendmsg|sendmmsg)\(.*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)"'
)


class NetworkCalls:
    """The calls of one process and its children.

    Attributes:
        command: Put it before the command of the process.
    """

    def __init__(self, log: Path) -> None:
        """Write them to a file; skips where no process can be watched."""
        if shutil.which('strace') is None or not _may_trace():
            pytest.skip('needs strace, and the right to trace processes')
        self._log = log
        # Detached, so that the process started is the one traced, and gets its signals.
        self.command = ('strace', '-D', '-f', '--seccomp-bpf', '-s', '0', '-e', 'trace=%network',
                        '-o', str(log))  # fmt: skip

    def lines(self, patience_s: float = 10.0) -> list[str]:
        """Return the calls of the process, which has ended or is ending."""
        end_s = time.monotonic() + patience_s
        while not (lines := self._log.read_text().splitlines()) or ' +++ ' not in lines[-1]:
            assert time.monotonic() < end_s, 'strace never saw the end of the process'
            time.sleep(0.05)
        return lines

    def sockets(self) -> set[tuple[str, str]]:
        """Return family and type of each socket that can leave the machine."""
        return {found.groups() for found in map(_SOCKET.search, self.lines()) if found}

    def violations(self) -> list[str]:
        """Return the calls that DDS on one network does not make."""
        return [line for line in self.lines() if _is_foreign(line)]


def _may_trace() -> bool:
    tried = subprocess.run(['strace', '-qq', '-o', '/dev/null', 'true'], capture_output=True)
    return tried.returncode == 0


def _is_foreign(line: str) -> bool:
    if found := _SOCKET.search(line):
        return not found[2].startswith('SOCK_DGRAM')
    if _CONNECT.search(line):  # as for the name of a host
        return True
    return any(not _is_near(address) for address in _DESTINATION.findall(line))


def _is_near(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return address.is_loopback or address in DDS_MULTICAST or _is_own(address)


def _is_own(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is this machine's: no other can be bound."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as tried, contextlib.suppress(OSError):
        tried.bind((str(address), 0))
        return True
    return False
