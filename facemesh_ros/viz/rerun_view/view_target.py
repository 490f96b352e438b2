"""Where the viewer shows what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Place(Enum):
    """Where a viewer is.

    AUTO is a window where there is a display, else the browser; NONE is nowhere: a file is all.
    """

    AUTO = 'auto'
    WINDOW = 'window'
    WEB = 'web'
    NONE = 'none'


@dataclass(frozen=True, slots=True)
class ViewTarget:
    """Where to show.

    Attributes:
        place: Of the viewer.
        port: Of the page for the browser; 0 for 9090, or a free one if that is taken.
        save: File (.rrd) to which all is written too; None for none.
    """

    place: Place = Place.AUTO
    port: int = 0
    save: Path | None = None
