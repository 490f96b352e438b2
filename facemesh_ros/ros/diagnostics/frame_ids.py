"""Whether what is published in space can be placed there."""

from __future__ import annotations

from facemesh_ros.ros.diagnostics.finding import ONCE, Finding
from facemesh_ros.ros.output.publishers import Publishers


def frame_id_finding(frame_id: str) -> Finding | None:
    """Return why tf2 and RViz drop all that is in a frame; None if they do not.

    Source: tf2, which refuses frame ids that are empty or begin with a slash.
    """
    if not frame_id:
        wrong = 'is empty'
    elif frame_id.startswith('/'):
        wrong = f'is {frame_id!r}, which begins with a slash'
    else:
        return None
    text = (
        f'the frame_id of the images {wrong}: RViz shows no marker and no point of them; set the '
        "frame_id of the camera's driver"
    )
    return Finding(text, text, ONCE)


class FrameIds:
    """Looks at the frame_id of the last image, while somebody looks at markers or points.

    Attributes:
        last: That frame_id; None before the first image.
    """

    def __init__(self, outputs: Publishers) -> None:
        """Take what knows whether somebody looks."""
        self._outputs = outputs
        self.last: str | None = None

    def __call__(self) -> Finding | None:
        """Return what is wrong."""
        if self.last is None or not self._outputs.is_seen_in_space:
            return None
        return frame_id_finding(self.last)
