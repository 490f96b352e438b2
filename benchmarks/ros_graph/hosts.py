"""Where processes run: on this machine, or in network namespaces that stand for two machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from common.command import MeasurementError

PROFILES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
DEVICE = 'wire'
ADDRESSES = ('10.77.0.1/24', '10.77.0.2/24')
IN_OWN_USER_NAMESPACE = '--in-own-user-namespace'
PATIENCE_S = 5.0
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
                    # Or images would travel through memory, as between no two machines.
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
                raise NotAllowedError(f'{SKIPPED}: `unshare --net --mount` failed; see above')
            time.sleep(0.01)
        return ('nsenter', '--target', str(keeper.pid), '--net', '--mount')

    def sent_bytes(self) -> tuple[int, int]:
        """Return the bytes sent by the others and by the nodes, Ethernet headers included."""
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
            f'{SKIPPED}: there is no `{error.filename}` (iproute2, util-linux)'
        ) from error
    except subprocess.CalledProcessError as error:
        text = f'{SKIPPED}: `{" ".join(command)}`: {error.stderr.strip()}'
        raise NotAllowedError(text) from error


def become_root_of_own_namespace() -> None:
    """Restart this program as root of a user namespace, unless it is root or was restarted.

    Raises:
        NotAllowedError: If the kernel does not allow that.
    """
    if IN_OWN_USER_NAMESPACE in sys.argv:
        sys.argv.remove(IN_OWN_USER_NAMESPACE)
    elif os.geteuid() != 0:
        enter = ['unshare', '--user', '--map-root-user']
        run([*enter, 'true'])
        os.execvp(enter[0], [*enter, sys.executable, *sys.argv, IN_OWN_USER_NAMESPACE])
