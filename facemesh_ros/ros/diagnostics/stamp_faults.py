"""What is wrong with the stamps of a camera's images, said once of each kind."""

from __future__ import annotations

from facemesh_ros.frame_clock import LONGEST_PAUSE_S, RESTART_S, StampFaults
from facemesh_ros.ros.input.topics import CameraTopics

_TEXTS = {
    'late': 'an image on {topic} was stamped before one that came earlier; it counts as taken at '
    'the same time: does the driver swap its buffers, is its clock being synchronised, or are '
    'there two publishers?',
    'unstamped': 'an image on {topic} has no stamp (header.stamp is 0); it counts as taken at the '
    'same time as the one before, or 1/30 s later where none has a stamp: have the driver stamp '
    'its images',
    'set_back': 'the stamps on {topic} went back by {restart_s:g} s or more, so all faces were '
    'forgotten: right if a recording began anew, else look for a second publisher or a wrong '
    'clock',
    'far_apart': 'images on {topic} come more than {pause_s:g} s apart: no face is followed over '
    'such a pause, each is new in every image (min_birth_frames: 1 has them tracked at once)',
}
# One pause after the first image is no slow camera yet.
_TOLD_FROM = {'far_apart': 2}


class StampFaultLog:
    """Warns of each kind of fault the first time that it is seen."""

    def __init__(self, source: CameraTopics, faults: StampFaults) -> None:
        """Take the counts, which go on counting, and who speaks of which camera."""
        self._source, self._faults = source, faults
        self._untold = set(_TEXTS)

    def look(self) -> None:
        """Warn of what is new since the last look."""
        for kind in [*self._untold]:
            if getattr(self._faults, kind) >= _TOLD_FROM.get(kind, 1):
                self._untold.remove(kind)
                topic = self._source.image_topic
                self._source.logger.warning(
                    _TEXTS[kind].format(topic=topic, restart_s=RESTART_S, pause_s=LONGEST_PAUSE_S)
                )
