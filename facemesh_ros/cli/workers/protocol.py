"""Workers that process sources: on this machine, or those of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from facemesh_ros.cli.workers.messages import Message
from facemesh_ros.cli.workers.source_work import SourceTask


class Workers(Protocol):
    """Processes with warm models, each with one portion of sources at a time; a context manager.

    Those that are lost are replaced, as far as that can be.
    """

    @property
    def name(self) -> str:
        """What they are called in sentences, in the plural."""

    @property
    def size(self) -> int:
        """How many there are, or are to be."""

    def idle(self) -> Sequence[str]:
        """Return the names of those that wait for work."""

    def start(self, worker: str, tasks: Sequence[SourceTask]) -> None:
        """Hand sources to one that waits."""

    def messages(self, timeout_s: float) -> Sequence[Message]:
        """Return what they have sent, waiting for it so long.

        Raises:
            FacemeshError: If none can go on.
        """

    def __enter__(self) -> Workers:
        """Start them."""

    def __exit__(self, *_: object) -> None:
        """End them after the images on which they are."""
