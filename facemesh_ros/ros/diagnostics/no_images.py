"""Checks whether images arrive, and finds out why not."""

from __future__ import annotations

import time
from typing import Any

from rclpy.qos import QoSProfile
from rclpy.topic_endpoint_info import TopicEndpointInfo

from facemesh_ros.ros.diagnostics.finding import Finding
from facemesh_ros.ros.diagnostics.topic_graph import names_of, similar_topic, why_incompatible
from facemesh_ros.ros.diagnostics.transport_advice import (
    containers_remedy,
    discovery_settings,
    lost_images_remedy,
)
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.topics import TRANSPORTS, CameraTopics, type_name
from facemesh_ros.ros.process import packet_pieces
from facemesh_ros.ros.process.local_addresses import addresses_at_start, local_addresses

TIMEOUT_S = 5.0
TIMEOUT_PERIODS = 3
LOG_PERIOD_S = 10.0


class NoImages:
    """Finds why no image has arrived for a while: 5 s, or 3 periods of a slow camera."""

    def __init__(
        self, topics: CameraTopics, qos: QoSProfile, queue: NewestImageQueue[Any]
    ) -> None:
        """Take the topic, the subscription's quality of service, and where images arrive."""
        self._topics, self._topic, self._qos = topics, topics.image_topic, qos
        self._queue = queue
        self._since_s = time.monotonic()
        self._addresses = addresses_at_start()

    def __call__(self) -> Finding | None:
        """Return why no images arrive; None while they do."""
        if not self._queue.enabled:
            self._since_s = time.monotonic()
            return Finding('disabled by ~/enable: no images are taken until it is called again')
        rate = self._queue.rate
        waited_s = time.monotonic() - self._since_s
        ago_s = rate.since_last_s()
        silent_s = waited_s if ago_s is None else min(ago_s, waited_s)
        timeout_s = max(TIMEOUT_S, TIMEOUT_PERIODS * rate.period_s())
        if not self._queue.sees_arrivals or silent_s < timeout_s:
            return Finding(f'no image on {self._topic} yet') if ago_s is None else None
        kind, text = self._cause(ago_s)
        return Finding(text + self._moved(), kind, LOG_PERIOD_S)

    def _moved(self) -> str:
        """Return that this machine's addresses have changed; empty if not.

        Fast DDS and Cyclone DDS go on using those that they found at start.
        """
        before, now = self._addresses, local_addresses()
        if before == now:
            return ''
        was, is_now = (', '.join(sorted(some)) or 'none' for some in (before, now))
        return (
            f'; the addresses of this machine have changed since the node started ({was}; '
            f'now {is_now}): restart the node, or it may not be reached'
        )

    def _cause(self, ago_s: float | None) -> tuple[str, str]:
        topic, publishers = self._topic, self._publishers(self._topic)
        last = f'the last image on {topic} arrived {ago_s or 0:.0f} s ago'
        if not publishers:
            if ago_s is not None:
                return 'gone', f'{last}, and no node publishes it now: has the camera node ended?'
            return 'unpublished', self._not_published()
        matching = [one for one in publishers if one.topic_type == self._topics.image_type_name]
        if not matching:
            return 'type', self._other_type(publishers)
        names = names_of(matching)
        if why := why_incompatible(matching, self._qos):
            return 'quality', (
                f'{names} publishes {topic} with an incompatible quality of service ({why}): '
                f'change it there, or here by the parameters qos_overrides.{topic}.subscription.*'
            )
        if ago_s is not None:
            return 'stopped', (
                f'{last}; {names} still publishes it: has the camera stopped, or the network?'
            ) + (f'; {packet_pieces.REMEDY}' if packet_pieces.is_full() else '')
        return 'none', (
            f'{names} publishes {topic}, but no image has arrived: either none has been sent (is '
            'the camera streaming?), or all are lost in transport. Then '
            f'{lost_images_remedy(self._topics, self._qos)}{containers_remedy()}'
        )

    def _publishers(self, topic: str) -> list[TopicEndpointInfo]:
        return self._topics.node.get_publishers_info_by_topic(topic)  # type: ignore[no-any-return]

    def _other_type(self, publishers: list[TopicEndpointInfo]) -> str:
        names = sorted({publisher.topic_type for publisher in publishers})
        text = (
            f'{names_of(publishers)} publishes {self._topic} as {", ".join(names)}, not as the '
            f'{self._topics.image_type_name} of image_transport:={self._topics.transport}'
        )
        for transport, (msg_type, _) in TRANSPORTS.items():
            if type_name(msg_type) in names:
                return f'{text}: {self._other_transport(transport, self._topic)}'
        return f'{text}: choose another topic'

    def _not_published(self) -> str:
        topics = self._topics
        text = f'no node publishes {self._topic}'
        if near := similar_topic(topics.node, self._topic, topics.image_type_name):
            return (
                f'{text}, but {names_of(self._publishers(near))} publishes {near}: is the remap '
                f'{topics.image_name}:={near} missing?'
            )
        for transport, (msg_type, _) in TRANSPORTS.items():
            if near := similar_topic(topics.node, self._topic, type_name(msg_type)):
                remedy = self._other_transport(transport, near)
                return f'{text}, but {names_of(self._publishers(near))} publishes {near}: {remedy}'
        return (
            f'{text}, nor any other {topics.image_type_name}: is the camera running, and visible '
            f'to this node ({discovery_settings()})?'
        )

    def _other_transport(self, transport: str, topic: str) -> str:
        name = self._topics.image_name_of(transport)
        resolved = self._topics.node.resolve_topic_name(name)
        remap = '' if resolved == topic else f' and the remap {name}:={topic}'
        return f'set image_transport:={transport}{remap}'
