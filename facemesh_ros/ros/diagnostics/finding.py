"""A problem found by a check, and how often it is logged."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

from diagnostic_msgs.msg import DiagnosticStatus

ONCE = math.inf
MAX_KINDS = 32
ANY_OTHER = object()


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that the user should know of.

    Attributes:
        text: A sentence that names the cause and, where there is one, the remedy.
        kind: Findings of one kind are logged at most once in `log_period_s`.
        log_period_s: s; None for what is not logged, or logged elsewhere.
        level: In the diagnostics.
        details: What is too long for a sentence: stacks; empty if there is nothing.
    """

    text: str
    kind: Hashable = ''
    log_period_s: float | None = None
    level: bytes = DiagnosticStatus.WARN
    details: str = ''


# Called once for each report.
Check = Callable[[], Finding | None]


class LogThrottle:
    """Limits how often each kind of message is logged, independently of the others.

    It uses the monotonic clock: neither a step of the system's time nor a stopped /clock silences
    it. Any thread may call it.
    """

    def __init__(self) -> None:
        self._next_s: dict[Hashable, float] = {}
        self._guard = Lock()

    def is_due(self, kind: Hashable, period_s: float) -> bool:
        """Return True at most once in `period_s` for each kind; with infinity, once.

        Kinds beyond the 32 that are being throttled count as one kind, so that input that is
        broken in ever new ways does not fill the log.
        """
        now_s = time.monotonic()
        with self._guard:
            waiting = {one: next_s for one, next_s in self._next_s.items() if now_s < next_s}
            if len(waiting) >= MAX_KINDS and kind not in waiting:
                kind = ANY_OTHER
            is_due = kind not in waiting
            self._next_s = {kind: now_s + period_s, **waiting}
        return is_due
