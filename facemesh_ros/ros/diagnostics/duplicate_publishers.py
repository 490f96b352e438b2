"""Whether two cameras publish one topic."""

from __future__ import annotations

from rclpy.qos import QoSProfile

from facemesh_ros.ros.diagnostics.finding import ONCE, Finding
from facemesh_ros.ros.diagnostics.topic_graph import names_of, why_incompatible
from facemesh_ros.ros.input.arrivals import SequenceGaps
from facemesh_ros.ros.input.topics import CameraTopics

# Reports for which publishers are there together before it is told.
PATIENCE = 2
# A camera that was killed is still listed until its lease ends, 20 s in Fast DDS.
PATIENCE_WITH_A_RESTART = 30


class DuplicatePublishers:
    """Finds that the images of several publishers are mixed in one stream."""

    def __init__(self, source: CameraTopics, wanted: QoSProfile, continuity: SequenceGaps) -> None:
        """Take whose topic it is, who can be heard on it, and what arrives."""
        self._source, self._wanted, self._continuity = source, wanted, continuity
        self._who: set[bytes] = set()
        self._reports = self._steps_before = 0

    def __call__(self) -> Finding | None:
        """Return who publishes together, if more than one does."""
        topic = self._source.image_topic
        heard = [
            publisher
            for publisher in self._source.node.get_publishers_info_by_topic(topic)
            if publisher.topic_type == self._source.image_type
            and not why_incompatible([publisher], self._wanted)
        ]
        who = {bytes(publisher.endpoint_gid) for publisher in heard}
        if who != self._who:
            self._who, self._reports = who, 0
            self._steps_before = self._continuity.steps_back
        self._reports += 1
        if len(who) < 2 or self._reports < self._patience():
            return None
        text = (
            f'{len(who)} publishers on {topic} ({names_of(heard)}), whose images nobody can tell '
            'apart: stop one of them, or give each camera a topic of its own'
        )
        return Finding(text, text, ONCE)

    def _patience(self) -> int:
        """Return for how many reports they must have been there together.

        One step back in the numbers, and no more, is a camera that has been started anew.
        """
        steps = self._continuity.steps_back - self._steps_before
        return PATIENCE_WITH_A_RESTART if steps == 1 else PATIENCE
