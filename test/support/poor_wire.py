"""A wire between two network namespaces that loses, delays and limits what it carries.

Linux has `tc netem` for this, but many kernels are built without it. Here each host has a TAP
device, and this program, which holds the other end of both, carries Ethernet frames from one to
the other. It reads commands as lines of JSON from its input and ends with it.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import json
import os
import select
import struct
import subprocess
import sys
import time
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from random import Random

if __name__ != '__main__':
    from network_hosts import DEVICE, NetworkHost, NotAllowedError

# From linux/if_tun.h and linux/sched.h.
TUNSETIFF, IFF_TAP, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 0x0002, 0x1000, 0x40000000
FRAME_BYTES = 65536
# As the queue of a switch: what would wait longer for a slow wire is lost.
LONGEST_QUEUE_S = 0.25


@dataclass(frozen=True)
class Wire:
    """What happens to frames on their way in one direction.

    Attributes:
        loss: Share of frames that are lost.
        burst: How many of them in a row, in the mean: geometrically distributed, as by a radio
            that is good or bad (Gilbert's model); 0 if each is lost by itself.
        delay_s: Time that each takes, s.
        jitter_s: By how much each takes longer, uniform from 0 to this; so they overtake.
        bytes_per_s: What it carries at most; 0 for no limit.
    """

    loss: float = 0.0
    burst: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    bytes_per_s: float = 0.0

    def loses_after(self, was_lost: bool) -> float:
        """Return the probability that a frame is lost, by what became of the one before it."""
        if not self.burst or self.loss == 1:
            return self.loss
        return 1 - 1 / self.burst if was_lost else self.loss / (1 - self.loss) / self.burst


GOOD, CUT = Wire(), Wire(loss=1.0)


class PoorWire(AbstractContextManager['PoorWire']):
    """A wire of changing quality between two hosts; at first a good one."""

    def __init__(self, one: NetworkHost, other: NetworkHost) -> None:
        """Lay it; raises NotAllowedError if the kernel refuses the devices."""
        command = [sys.executable, __file__, DEVICE, str(one.pid), str(other.pid)]
        pipe = subprocess.PIPE
        self._relay = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert self._relay.stdout is not None
        assert self._relay.stderr is not None
        if not self._relay.stdout.readline():
            reason = self._relay.stderr.read().strip().rpartition('\n')[2]
            self.__exit__()
            raise NotAllowedError(f'no TAP device: {reason}')

    def set(self, there: Wire = GOOD, back: Wire | None = None) -> None:
        """Be so from now on, from the first host to the other and back; `back` None: as there."""
        self._ask([asdict(there), asdict(there if back is None else back)])

    def frames(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return how many frames were carried and lost, there and back."""
        there, back = self._ask('count')
        return tuple(there), tuple(back)  # type: ignore[return-value]

    def _ask(self, command: object) -> list[list[int]]:
        assert self._relay.stdin is not None
        assert self._relay.stdout is not None
        print(json.dumps(command), file=self._relay.stdin, flush=True)
        return list(json.loads(self._relay.stdout.readline()))

    def __exit__(self, *_: object) -> None:
        self._relay.kill()
        self._relay.wait()
        for pipe in (self._relay.stdin, self._relay.stdout, self._relay.stderr):
            assert pipe is not None
            pipe.close()


class Direction:
    """Frames from one device to another."""

    def __init__(self, source: int, target: int, seed: int) -> None:
        self.source, self.target, self.wire = source, target, Wire()
        self.carried = self.lost = 0
        self._random, self._free_s, self._not_before_s = Random(seed), 0.0, 0.0
        self._lost_last = False
        self._due: list[tuple[float, int, bytes]] = []

    def become(self, wire: Wire) -> None:
        """Be so from now on; nothing overtakes what is on its way."""
        self.wire, self._lost_last = wire, False
        self._not_before_s = max((due_s for due_s, *_ in self._due), default=0.0)

    def take(self) -> None:
        """Take what the source has sent."""
        with suppress(BlockingIOError):
            while True:
                self._send(os.read(self.source, FRAME_BYTES), time.monotonic())

    def _send(self, frame: bytes, now_s: float) -> None:
        wire, due_s = self.wire, now_s
        is_lost = self._random.random() < wire.loses_after(self._lost_last)
        self._lost_last = is_lost
        if wire.bytes_per_s and not is_lost:
            due_s = max(now_s, self._free_s) + len(frame) / wire.bytes_per_s
            is_lost = due_s > now_s + LONGEST_QUEUE_S
            self._free_s = self._free_s if is_lost else due_s
        if is_lost:
            self.lost += 1
            return
        due_s += wire.delay_s + wire.jitter_s * self._random.random()
        self.carried += 1
        heapq.heappush(self._due, (max(due_s, self._not_before_s), self.carried, frame))

    def give(self) -> float | None:
        """Hand over what is due; returns in how many s the next frame is, None if none waits."""
        while self._due and self._due[0][0] <= time.monotonic():
            frame = heapq.heappop(self._due)[2]
            with suppress(OSError):  # the device is down
                os.write(self.target, frame)
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None


def tap_device(name: str, pid: int) -> int:
    """Make a TAP device in the network namespace of a process; returns its other end."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f'/proc/{pid}/ns/net') as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    device = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack('16sH14x', name.encode(), IFF_TAP | IFF_NO_PI))
    return device


def main() -> None:
    """Carry frames until the input ends."""
    name, *pids = sys.argv[1:]
    one, other = (tap_device(name, int(pid)) for pid in pids)
    directions = Direction(one, other, seed=1), Direction(other, one, seed=2)
    print('laid', flush=True)
    waiting = select.poll()
    for file in (one, other, sys.stdin.fileno()):
        waiting.register(file, select.POLLIN)
    while True:
        pauses_s = [pause for direction in directions if (pause := direction.give()) is not None]
        ready = dict(waiting.poll(1e3 * min(pauses_s) if pauses_s else None))
        for direction in directions:
            if direction.source in ready:
                direction.take()
        if sys.stdin.fileno() in ready:
            line = sys.stdin.readline()
            if not line:
                return
            command = json.loads(line)
            if command != 'count':
                for direction, wire in zip(directions, command, strict=True):
                    direction.become(Wire(**wire))
            print(json.dumps([[one.carried, one.lost] for one in directions]), flush=True)


if __name__ == '__main__':
    main()
