"""Watchdog: whether an inference thread hangs on an image, or the loading of the models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from diagnostic_msgs.msg import DiagnosticStatus

from facemesh_ros.ros.diagnostics.finding import Finding
from facemesh_ros.ros.input.progress import Phase, Progress
from facemesh_ros.ros.process.ending import end_by_force, stacks_of_all_threads
from facemesh_ros.ros.process.every_second import EverySecond

# Seconds of one image. They are counted, not read from a clock: a process that was stopped or
# suspended does not hang.
STALLED_S = 10
# What hangs in native code cannot be broken off: only a new process helps.
ENDED_S = 20
LOG_PERIOD_S = 10.0
# The same while models are loaded and run for the first time. On a GPU that is newer than its
# libraries, these compile themselves for minutes.
LOADING_STALLED_S = 60
LOADING_ENDED_S = 900


class Watched(Protocol):
    """Something that hangs if it makes no progress; `str` says what it is."""

    def count(self) -> None:
        """Count one more second."""

    @property
    def is_lost(self) -> bool:
        """Whether only a new process helps."""


class LoadingStall:
    """For how long models have been loaded, in a thread that can tell nothing meanwhile."""

    def __init__(self, log_error: Callable[[str], object]) -> None:
        """Log an error with the stacks of all threads from time to time."""
        self._seconds, self._log_error = 0, log_error

    def restart(self) -> None:
        """Count from zero: it makes progress."""
        self._seconds = 0

    def count(self) -> None:
        """See `Watched.count`."""
        self._seconds += 1
        if self._seconds % LOADING_STALLED_S == 0 and not self.is_lost:
            self._log_error(
                f'{self}; after {LOADING_ENDED_S} s the process ends with status 1\n'
                f'{stacks_of_all_threads()}'
            )

    @property
    def is_lost(self) -> bool:
        """See `Watched.is_lost`."""
        return self._seconds >= LOADING_ENDED_S

    def __str__(self) -> str:
        return f'the models have been loading for {self._seconds} s'


class Stall:
    """For how long a camera's thread has been at the same image.

    Attributes:
        progress: What the thread does.
        seconds: Without progress.
    """

    def __init__(self, topic: str) -> None:
        """Take the topic of the images."""
        self.progress, self.seconds = Progress(), 0
        self._topic, self._turn = topic, 0

    def count(self) -> None:
        """Count one more second."""
        turn, busy = self.progress.turn, self.progress.phase is not Phase.IDLE
        self.seconds = self.seconds + 1 if busy and turn == self._turn else 0
        self._turn = turn

    @property
    def is_lost(self) -> bool:
        """Whether only a new process helps.

        Opening models on a GPU again may take minutes, and a thread that waits for its turn goes
        on when the other one does.
        """
        return self.seconds >= ENDED_S and self.progress.phase is Phase.PROCESSING

    def __str__(self) -> str:
        return (
            f'no result for {self.seconds} s though images on {self._topic} come: the inference '
            f'thread is {self.progress.phase.value}'
        )

    def finding(self) -> Finding | None:
        """Return an error with the stacks of all threads after `STALLED_S` without progress."""
        if self.seconds < STALLED_S:
            return None
        text = str(self)
        if self.progress.phase is Phase.PROCESSING:
            text += (
                f' and seems to hang; after {ENDED_S} s the process ends with status 1, so that '
                'a supervisor (respawn:=true) starts it anew'
            )
        stacks = stacks_of_all_threads()
        return Finding(text, 'stalled', LOG_PERIOD_S, DiagnosticStatus.ERROR, stacks)


class Watchdog:
    """Counts the seconds of all stalls, and ends the process where one is lost.

    In a thread of its own: the executor may wait for the very thread that hangs.
    """

    def __init__(
        self, stalls: Sequence[Watched], end: Callable[[str], object] = end_by_force
    ) -> None:
        """Watch until it is closed."""
        self._stalls, self._end = stalls, end
        self._thread = EverySecond(self._count, 'watchdog')

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    def _count(self) -> None:
        for stall in self._stalls:
            stall.count()
            if stall.is_lost:
                self._end(f'{stall}, and hangs; the process ends so that a new one can go on')
