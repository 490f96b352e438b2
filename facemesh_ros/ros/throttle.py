"""How often the same thing may be logged."""

from __future__ import annotations

import time
from collections.abc import Hashable

MOST_KINDS = 32


class Throttle:
    """Lets each kind of message through once in a while, whatever the others do.

    It goes by a clock that nobody sets: neither a step of the system's time nor a standing /clock
    makes it silent.
    """

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._next_s: dict[Hashable, float] = {}

    def is_due(self, kind: Hashable, every_s: float) -> bool:
        """Whether to say something of this kind now, if that is to happen every so many seconds.

        With infinity it is due once. Kinds beyond the first 32 of a time are one kind together,
        so that input which is broken in ever new ways does not fill the log.
        """
        now_s = time.monotonic()
        self._next_s = {kind: at_s for kind, at_s in self._next_s.items() if now_s < at_s}
        if kind in self._next_s:
            return False
        if len(self._next_s) >= MOST_KINDS:
            kind = None
            if kind in self._next_s:
                return False
        self._next_s[kind] = now_s + every_s
        return True
