"""How often the same thing may be logged."""

from __future__ import annotations

import time
from collections.abc import Hashable
from threading import Lock

MOST_KINDS = 32
ANY_OTHER = object()


class LogThrottle:
    """Lets each kind of message through once in a while, whatever the others do.

    It goes by a clock that nobody sets: neither a step of the system's time nor a standing /clock
    makes it silent. Any thread may ask.
    """

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._next_s: dict[Hashable, float] = {}
        self._guard = Lock()

    def is_due(self, kind: Hashable, every_s: float) -> bool:
        """Whether to say something of this kind now, if that is to happen every so many seconds.

        With infinity it is due once. Kinds beyond the first 32 of a time are one kind together,
        so that input which is broken in ever new ways does not fill the log.
        """
        now_s = time.monotonic()
        with self._guard:
            waiting = {one: at_s for one, at_s in self._next_s.items() if now_s < at_s}
            if len(waiting) >= MOST_KINDS and kind not in waiting:
                kind = ANY_OTHER
            is_due = kind not in waiting
            self._next_s = {kind: now_s + every_s, **waiting}
        return is_due
