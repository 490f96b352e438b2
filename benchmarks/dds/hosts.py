"""Where processes run: on this machine, or in network namespaces as if on two machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

PROFILES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
DEVICE = 'wire'
ADDRESSES = ('10.77.0.1/24', '10.77.0.2/24')
IN_OWN_USER_NAMESPACE = '--in-own-user-namespace'
PATIENCE_S = 5.0


class NotAllowedError(Exception):
    """The kernel does not let this user make namespaces; the text says what it said."""


@dataclass(frozen=True)
class Host:
    """Where a process runs.

    Attributes:
        cores: Of this machine.
        variables: Its environment.
        enter: What a command is started through; empty for this very machine.
    """

    cores: frozenset[int]
    variables: dict[str, str]
    enter: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hosts:
    """Where the nodes run, and where cameras and listeners do."""

    nodes: Host
    others: Host


def this_machine() -> Hosts:
    """Return one core for the nodes and, where there are two, another one for all others.

    The processes' environment is as a user has it: only cameras, and what is on their side, are
    told to make room for large images.
    """
    usable = sorted(os.sched_getaffinity(0))
    others = dict(os.environ)
    nodes = {name: value for name, value in others.items() if name not in PROFILES}
    return Hosts(Host(frozenset(usable[-1:]), nodes), Host(frozenset(usable[-2:][:1]), others))


def cores_of(hosts: Hosts) -> str:
    """Say which cores are whose."""
    return f'nodes {sorted(hosts.nodes.cores)}, all others {sorted(hosts.others.cores)}'


class TwoHosts(AbstractContextManager['TwoHosts']):
    """Two network namespaces with a wire between them, each with shared memory of its own.

    Attributes:
        hosts: The nodes in one, all others in the other.
    """

    def __init__(self, hosts: Hosts) -> None:
        """Make them on the cores of two hosts; raises NotAllowedError if that is not allowed."""
        self._keepers: list[subprocess.Popen[bytes]] = []
        try:
            others, nodes = (self._namespace() for _ in ADDRESSES)
            wire = f'ip link add {DEVICE} type veth peer name {DEVICE} netns'
            run([*others, *wire.split(), str(self._keepers[1].pid)])
            for enter, address in zip((others, nodes), ADDRESSES, strict=True):
                for command in (
                    f'ip address add {address} dev {DEVICE}',
                    f'ip link set {DEVICE} up',
                    'ip link set lo up',
                    # Or the two would exchange images through memory, as no two machines do.
                    'mount -t tmpfs tmpfs /dev/shm',
                ):
                    run([*enter, *command.split()])
        except BaseException:
            self.__exit__()
            raise
        self.hosts = Hosts(replace(hosts.nodes, enter=nodes), replace(hosts.others, enter=others))

    def _namespace(self) -> tuple[str, ...]:
        keeper = subprocess.Popen(['unshare', '--net', '--mount', 'sleep', 'infinity'])
        self._keepers.append(keeper)
        own, kept = (f'/proc/{pid}/ns/net' for pid in ('self', keeper.pid))
        end_s = time.monotonic() + PATIENCE_S
        while os.readlink(own) == os.readlink(kept):
            if keeper.poll() is not None or time.monotonic() > end_s:
                raise NotAllowedError('`unshare --net --mount` failed; see above')
            time.sleep(0.01)
        return ('nsenter', '--target', str(keeper.pid), '--net', '--mount')

    def sent_bytes(self) -> tuple[int, int]:
        """Return what the others and the nodes have put on the wire, Ethernet headers included."""
        others, nodes = (self._sent_by(host) for host in (self.hosts.others, self.hosts.nodes))
        return others, nodes

    def _sent_by(self, host: Host) -> int:
        shown = run([*host.enter, *f'ip -s -j link show dev {DEVICE}'.split()])
        return int(json.loads(shown)[0]['stats64']['tx']['bytes'])

    def __exit__(self, *_: object) -> None:
        for keeper in self._keepers:
            keeper.kill()
            keeper.wait()


def run(command: list[str]) -> str:
    """Run a command and return what it printed; raises NotAllowedError if it fails."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise NotAllowedError(
            f'there is no `{error.filename}` here (iproute2, util-linux)'
        ) from error
    except subprocess.CalledProcessError as error:
        raise NotAllowedError(f'`{" ".join(command)}`: {error.stderr.strip()}') from error


def become_root_of_own_namespace() -> None:
    """Start this program again in a user namespace, unless this is root or happened already.

    Raises:
        NotAllowedError: If the kernel does not allow that.
    """
    if IN_OWN_USER_NAMESPACE in sys.argv:
        sys.argv.remove(IN_OWN_USER_NAMESPACE)
    elif os.geteuid() != 0:
        enter = ['unshare', '--user', '--map-root-user']
        run([*enter, 'true'])
        os.execvp(enter[0], [*enter, sys.executable, *sys.argv, IN_OWN_USER_NAMESPACE])
