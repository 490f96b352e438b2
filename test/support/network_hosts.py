"""Network namespaces of this machine that stand for hosts of a network.

Each has devices and shared memory of its own. It ends with the process that made it, also if that
is killed: the program that keeps it waits for the end of a pipe. All it takes is util-linux, and
the right to make namespaces; as a program it sets a device of the namespace in which it runs.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path

DEVICE = 'wire'
PATIENCE_S = 5.0
# From linux/sockios.h and linux/if.h.
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8913, 0x8914, 0x8916, 0x891C
IFF_UP = 1
NETMASK = '255.255.255.0'


class NotAllowedError(Exception):
    """The kernel does not let this user make namespaces or devices, or a program is missing."""


class NetworkHost(AbstractContextManager['NetworkHost']):
    """A network namespace.

    Attributes:
        enter: Prefix of commands that run there.
        pid: Of the process that keeps it.
    """

    def __init__(self) -> None:
        """Make it, without a wire; raises NotAllowedError if the kernel refuses."""
        command = ['unshare', '--net', '--mount', 'cat']
        pipe = subprocess.PIPE
        try:
            self._keeper = subprocess.Popen(command, stdin=pipe, stderr=pipe, text=True)
        except FileNotFoundError as error:
            raise NotAllowedError('there is no `unshare` (util-linux)') from error
        self.pid = self._keeper.pid
        self.enter = ('nsenter', '--target', str(self.pid), '--net', '--mount')
        try:
            self._wait_until_made()
            self.turn_on('lo')
            # Or messages would travel through memory, as between no two machines.
            self.run('mount', '-t', 'tmpfs', 'tmpfs', '/dev/shm')
        except BaseException:
            self.__exit__()
            raise

    def _wait_until_made(self) -> None:
        own, kept = (Path(f'/proc/{pid}/ns/net') for pid in ('self', self.pid))
        end_s = time.monotonic() + PATIENCE_S
        while self._keeper.poll() is None and os.readlink(own) == os.readlink(kept):
            if time.monotonic() > end_s:
                raise NotAllowedError('`unshare --net --mount` makes no namespace')
            time.sleep(0.01)
        if self._keeper.poll() is not None:
            assert self._keeper.stderr is not None
            raise NotAllowedError(self._keeper.stderr.read().strip())

    def run(self, *command: str) -> str:
        """Run a command there and return what it printed; raises NotAllowedError if it fails."""
        return run([*self.enter, *command])

    def turn_on(self, device: str = DEVICE) -> None:
        """Turn a device on."""
        self._set(device, 'on')

    def turn_off(self, device: str = DEVICE) -> None:
        """Turn a device off: there is no route and no answer any more."""
        self._set(device, 'off')

    def set_address(self, address: str, device: str = DEVICE) -> None:
        """Give a device this IPv4 address and no other, in a network of 256."""
        self._set(device, address)

    def _set(self, device: str, value: str) -> None:
        self.run(sys.executable, '-I', '-S', __file__, device, value)

    def __exit__(self, *_: object) -> None:
        self._keeper.kill()
        self._keeper.wait()
        for pipe in (self._keeper.stdin, self._keeper.stderr):
            assert pipe is not None
            pipe.close()


def run(command: list[str]) -> str:
    """Run a command and return what it printed; raises NotAllowedError if it fails."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise NotAllowedError(f'there is no `{error.filename}`') from error
    except subprocess.CalledProcessError as error:
        text = f'`{" ".join(command)}`: {error.stderr.strip()}'
        raise NotAllowedError(text) from error


def set_device(device: str, value: str) -> None:
    """Turn a device of this namespace `on` or `off`, or give it an address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:

        def control(code: int, layout: str, *values: object) -> bytes:
            asked = struct.pack(f'16s{layout}', device.encode(), *values).ljust(40, b'\0')
            return fcntl.ioctl(any_socket, code, asked)

        if value not in ('on', 'off'):
            for code, address in ((SIOCSIFADDR, value), (SIOCSIFNETMASK, NETMASK)):
                control(code, 'HH4s', socket.AF_INET, 0, socket.inet_aton(address))
            return
        (flags,) = struct.unpack_from('H', control(SIOCGIFFLAGS, ''), 16)
        control(SIOCSIFFLAGS, 'H', flags | IFF_UP if value == 'on' else flags & ~IFF_UP)


if __name__ == '__main__':
    set_device(*sys.argv[1:])
