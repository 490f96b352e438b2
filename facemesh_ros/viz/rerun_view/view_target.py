"""Where the viewer shows what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ViewTarget:
    """Where to show.

    Attributes:
        shows: Whether a viewer is started at all.
        web: Whether in a browser; else in a window where there is a display.
        port: Of the page for the browser; 0 for 9090, or a free one if that is taken.
        save: File (.rrd) to which all is written too; None for none.
    """

    shows: bool = True
    web: bool = False
    port: int = 0
    save: Path | None = None
