"""Checks whether several cameras publish the same image topic."""

from __future__ import annotations

from rclpy.qos import QoSProfile

from facemesh_ros.ros.diagnostics.finding import ONCE, Finding
from facemesh_ros.ros.diagnostics.topic_graph import names_of, why_incompatible
from facemesh_ros.ros.input.arrivals import SequenceGaps
from facemesh_ros.ros.input.topics import CameraTopics

# Reports for which publishers exist together before it is a finding.
MIN_REPORTS = 2
# A camera that was killed is still listed until its lease ends: 20 s in Fast DDS, 10 s in Cyclone
# DDS by default.
MIN_REPORTS_AFTER_RESTART = 30


class DuplicatePublishers:
    """Finds images of several publishers mixed in one stream."""

    def __init__(self, topics: CameraTopics, qos: QoSProfile, gaps: SequenceGaps) -> None:
        """Take the topic, the subscription's quality of service, and what arrives."""
        self._topics, self._qos, self._gaps = topics, qos, gaps
        self._ids: set[bytes] = set()
        self._reports = self._added = 0
        self._steps_before = self._steps_reported = gaps.steps_back

    def __call__(self) -> Finding | None:
        """Return which nodes publish the topic, if there are several."""
        topic = self._topics.image_topic
        matching = [
            publisher
            for publisher in self._topics.node.get_publishers_info_by_topic(topic)
            if publisher.topic_type == self._topics.image_type_name
            and not why_incompatible([publisher], self._qos)
        ]
        ids = {bytes(publisher.endpoint_gid) for publisher in matching}
        if added := ids - self._ids:
            self._reports, self._added = 0, len(added)
            # Its first image may have come since the last report, with the step.
            self._steps_before = self._steps_reported
        # One that is gone changes nothing: of several restarts each ends its lease by itself.
        self._ids = ids
        self._reports += 1
        self._steps_reported = self._gaps.steps_back
        # One step back in the sequence numbers for each is a camera that was restarted; without
        # numbers it cannot be told from a second one.
        restarted = 1 <= self._steps_reported - self._steps_before <= self._added
        patient = restarted or not self._gaps.are_numbered
        needed = MIN_REPORTS_AFTER_RESTART if patient else MIN_REPORTS
        if len(ids) < 2 or self._reports < needed:
            return None
        text = (
            f'{len(ids)} publishers on {topic} ({names_of(matching)}), whose images cannot be '
            'told apart: stop one of them, or give each camera its own topic'
        )
        return Finding(text, text, ONCE)
