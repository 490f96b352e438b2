"""What workers tell the process that hands files to them."""

from __future__ import annotations

from typing import NamedTuple

from facemesh_ros.cli.workers.source_work import SourceOutcome, SourceTask, UsedModels


class Ready(NamedTuple):
    """Its models are loaded."""

    models: UsedModels


class Progress(NamedTuple):
    """How far a source is.

    Attributes:
        number: Of the source.
        share: Of it that is done.
        images: How many these are.
    """

    number: int
    share: float
    images: int


class Done(NamedTuple):
    """A source is done."""

    outcome: SourceOutcome


class Refused(NamedTuple):
    """It cannot go on, for a reason that ends the run: no models, a full disk."""

    reason: str


class Lost(NamedTuple):
    """It is gone.

    Attributes:
        tasks: What it was to do and has not done.
        culprit: Index of the source on which it was; None if that is not known.
        reason: How it ended.
    """

    tasks: tuple[SourceTask, ...]
    culprit: int | None
    reason: str


Message = Ready | Progress | Done | Refused | Lost
