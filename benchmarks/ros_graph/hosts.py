"""Where processes run: on this machine, or in network namespaces that stand for two machines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace

import network_hosts
from common.command import MeasurementError
from network_hosts import DEVICE, NetworkHost

PROFILES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
ADDRESSES = ('10.77.0.1', '10.77.0.2')
IN_OWN_USER_NAMESPACE = '--in-own-user-namespace'
SKIPPED = 'skipped, as no network namespaces can be made here'


class NotAllowedError(MeasurementError):
    """The kernel does not let this user make namespaces; the benchmark is skipped."""

    status = 0


@dataclass(frozen=True)
class Host:
    """Where a process runs.

    Attributes:
        cores: Of this machine.
        variables: Its environment.
        enter: Prefix of commands that enters a namespace; empty for this machine.
    """

    cores: frozenset[int]
    variables: dict[str, str]
    enter: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hosts:
    """Where the nodes run, and where cameras and subscribers do."""

    nodes: Host
    others: Host


def this_machine() -> Hosts:
    """Return one core for the nodes and, where there are two, another one for all others.

    Only the cameras' side uses the DDS profile for large images, as a user would set it up.
    """
    usable = sorted(os.sched_getaffinity(0))
    others = dict(os.environ)
    nodes = {name: value for name, value in others.items() if name not in PROFILES}
    return Hosts(Host(frozenset(usable[-1:]), nodes), Host(frozenset(usable[-2:][:1]), others))


def cores_of(hosts: Hosts) -> str:
    """Describe who uses which cores."""
    return f'nodes {sorted(hosts.nodes.cores)}, all others {sorted(hosts.others.cores)}'


class TwoHosts(AbstractContextManager['TwoHosts']):
    """Two network namespaces joined by a veth pair, each with shared memory of its own.

    Attributes:
        hosts: The nodes in one, all others in the other.
    """

    def __init__(self, hosts: Hosts) -> None:
        """Make them for two hosts; raises NotAllowedError if the kernel refuses."""
        with ExitStack() as undo, told_as_skipped():
            self._others, self._nodes = (undo.enter_context(NetworkHost()) for _ in ADDRESSES)
            pair = f'ip link add {DEVICE} type veth peer name {DEVICE} netns {self._nodes.pid}'
            self._others.run(*pair.split())
            for host, address in zip((self._others, self._nodes), ADDRESSES, strict=True):
                host.set_address(address)
                host.turn_on()
            self._made = undo.pop_all()
        self.hosts = Hosts(
            replace(hosts.nodes, enter=self._nodes.enter),
            replace(hosts.others, enter=self._others.enter),
        )

    def sent_bytes(self) -> tuple[int, int]:
        """Return the bytes sent by the others and by the nodes, Ethernet headers included."""
        return _sent_by(self._others), _sent_by(self._nodes)

    def __exit__(self, *_: object) -> None:
        self._made.close()


def _sent_by(host: NetworkHost) -> int:
    shown = host.run(*f'ip -s -j link show dev {DEVICE}'.split())
    return int(json.loads(shown)[0]['stats64']['tx']['bytes'])


@contextmanager
def told_as_skipped() -> Iterator[None]:
    """Raise NotAllowedError of a benchmark where namespaces cannot be made."""
    try:
        yield
    except network_hosts.NotAllowedError as error:
        raise NotAllowedError(f'{SKIPPED}: {error}') from error


def become_root_of_own_namespace() -> None:
    """Restart this program as root of a user namespace, unless it is root or was restarted.

    Raises:
        NotAllowedError: If the kernel does not allow that.
    """
    if IN_OWN_USER_NAMESPACE in sys.argv:
        sys.argv.remove(IN_OWN_USER_NAMESPACE)
    elif os.geteuid() != 0:
        enter = ['unshare', '--user', '--map-root-user']
        with told_as_skipped():
            network_hosts.run([*enter, 'true'])
        os.execvp(enter[0], [*enter, sys.executable, *sys.argv, IN_OWN_USER_NAMESPACE])
