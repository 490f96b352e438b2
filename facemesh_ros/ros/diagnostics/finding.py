"""What is told of a stream that is not as it should be."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus

ONCE = math.inf


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the user should know.

    Attributes:
        text: A sentence that names the cause and, where there is one, the way out.
        kind: What it is a case of: of one kind, the log has no more than one in `every_s`.
        every_s: How often it is logged, s; None for what somebody else logs.
        level: For the diagnostics.
    """

    text: str
    kind: Hashable = ''
    every_s: float | None = None
    level: bytes = DiagnosticStatus.WARN


# Looks for one thing; called once for each report.
Check = Callable[[], Finding | None]
