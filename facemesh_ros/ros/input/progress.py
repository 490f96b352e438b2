"""What an inference thread does now, for its watchdog."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """What an inference thread does; the value completes "the inference thread is …"."""

    IDLE = 'waiting for images'
    PREPARING = 'preparing the models'
    QUEUED = 'waiting for its turn while another camera is in work'
    PROCESSING = 'processing an image'
    RECOVERING = 'recovering from an error'


class Progress:
    """Written by the thread, read by any other; it refers to neither.

    Attributes:
        phase: What the thread does.
        turn: Which of its images it is at.
    """

    def __init__(self) -> None:
        self.phase, self.turn = Phase.IDLE, 0
