"""Checks of the images' headers: stamps and frame_id."""

from __future__ import annotations

from facemesh_ros.errors import quoted
from facemesh_ros.frame_clock import LONGEST_PAUSE_S, RESTART_S, StampFaults
from facemesh_ros.messages.transforms import tf2_takes
from facemesh_ros.ros.diagnostics.finding import ONCE, Finding
from facemesh_ros.ros.input.topics import CameraTopics

_STAMP_TEXTS = {
    'late': 'an image on {topic} has an earlier stamp than the one before; it is processed with '
    'the same time as that one: does the driver swap its buffers, is its clock being '
    'synchronised, or are there two publishers?',
    'unstamped': 'an image on {topic} has no stamp (header.stamp is 0); it is processed with the '
    'same time as the one before, or 1/30 s later if none has a stamp: let the driver stamp its '
    'images',
    'set_back': 'the stamps on {topic} went back by {restart_s:g} s or more, so all faces were '
    'forgotten: expected if a recording started again, else look for a second publisher or a '
    'wrong clock',
    'far_apart': 'images on {topic} come more than {pause_s:g} s apart: no face is tracked over '
    'such a pause, each gets a new id in every image (with min_birth_frames: 1 they are tracked '
    'at once)',
}
# One pause after the first image does not make a slow camera.
_MIN_COUNT = {'far_apart': 2}


class StampFaultLog:
    """Logs each kind of stamp fault once."""

    def __init__(self, topics: CameraTopics, faults: StampFaults) -> None:
        """Take the pipeline's counters of faults, which go on counting."""
        self._topics, self._faults = topics, faults
        self._not_logged = set(_STAMP_TEXTS)

    def log_new(self) -> None:
        """Log the kinds that have occurred and were not logged before."""
        for kind in [*self._not_logged]:
            if getattr(self._faults, kind) >= _MIN_COUNT.get(kind, 1):
                self._not_logged.remove(kind)
                topic = self._topics.image_topic
                text = _STAMP_TEXTS[kind]
                self._topics.logger.warning(
                    text.format(topic=topic, restart_s=RESTART_S, pause_s=LONGEST_PAUSE_S)
                )


def frame_id_finding(frame_id: str | None) -> Finding | None:
    """Return why tf2 and RViz drop all in a frame; None if they do not, or if it is None."""
    if frame_id is None or tf2_takes(frame_id):
        return None
    wrong = f'{quoted(frame_id)}, which begins with a slash' if frame_id else 'empty'
    text = (
        f'the frame_id of the images is {wrong}: no frames of faces are published, and RViz shows '
        'no markers and no points; set the frame_id in the camera driver'
    )
    return Finding(text, bool(frame_id), ONCE)
