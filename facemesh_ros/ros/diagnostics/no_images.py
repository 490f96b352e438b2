"""Why no images come."""

from __future__ import annotations

import os
import time
from typing import Any

from rclpy.qos import QoSProfile
from rclpy.topic_endpoint_info import TopicEndpointInfo

from facemesh_ros.ros.diagnostics.finding import Finding
from facemesh_ros.ros.diagnostics.lost_images import cure_of_losses
from facemesh_ros.ros.diagnostics.topic_graph import names_of, similar_topic, why_incompatible
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.topics import TRANSPORTS, CameraTopics, type_name

SILENCE_S = 5.0
SILENT_PERIODS = 3
LOG_PERIOD_S = 10.0


class NoImages:
    """Finds why a stream gets no images, when it gets none for longer than it is used to."""

    def __init__(
        self, source: CameraTopics, wanted: QoSProfile, inbox: NewestImageQueue[Any]
    ) -> None:
        """Take whose images should come, with which quality of service, and where they arrive."""
        self._source, self._wanted, self._inbox = source, wanted, inbox
        self._wanted_since_s = time.monotonic()

    def __call__(self) -> Finding | None:
        """Return why nothing comes; None as long as images come as often as ever."""
        if not self._inbox.enabled:
            self._wanted_since_s = time.monotonic()
            return Finding('disabled by ~/enable: images are left unread until it is called again')
        rhythm = self._inbox.rhythm
        waited_s = time.monotonic() - self._wanted_since_s
        ago_s = rhythm.silent_s()
        silent_s = waited_s if ago_s is None else min(ago_s, waited_s)
        if self._inbox.is_left or silent_s < max(SILENCE_S, SILENT_PERIODS * rhythm.usual_s()):
            return Finding(f'no image on {self._topic} yet') if ago_s is None else None
        kind, text = self._cause(ago_s)
        return Finding(text, kind, LOG_PERIOD_S)

    @property
    def _topic(self) -> str:
        return self._source.image_topic

    def _cause(self, ago_s: float | None) -> tuple[str, str]:
        publishers = self._source.node.get_publishers_info_by_topic(self._topic)
        if ago_s is not None:
            came = f'images on {self._topic} came until {ago_s:.0f} s ago'
        if not publishers:
            if ago_s is not None:
                return 'gone', f'{came}, and now nobody publishes it: has the camera ended?'
            return 'nobody', self._nobody()
        fitting = [one for one in publishers if one.topic_type == self._source.image_type]
        if not fitting:
            return 'type', self._other_type(publishers)
        if why := why_incompatible(fitting, self._wanted):
            return 'quality', (
                f'{names_of(fitting)} publishes {self._topic} with an incompatible quality of '
                f'service ({why}): change it there, or here by the parameters '
                f'qos_overrides.{self._topic}.subscription.*'
            )
        if ago_s is not None:
            return 'stopped', (
                f'{came}; {names_of(fitting)} still publishes it: has the camera stopped, '
                'or the network?'
            )
        return 'none', self._none_arrives(fitting)

    def _none_arrives(self, publishers: list[TopicEndpointInfo]) -> str:
        return (
            f'{names_of(publishers)} publishes {self._topic}, but no image has arrived: either '
            'none has been sent (is the camera streaming?), or all get lost on the way. Then '
            f'{cure_of_losses(self._source, self._wanted)}; or, between containers, '
            'share /dev/shm (--ipc=host)'
        )

    def _other_type(self, publishers: list[TopicEndpointInfo]) -> str:
        kinds = ', '.join(sorted({publisher.topic_type for publisher in publishers}))
        text = (
            f'{names_of(publishers)} publishes {self._topic} as {kinds}, which is not the '
            f'{self._source.image_type} that image_transport:={self._source.transport} takes'
        )
        for transport, (kind, _) in TRANSPORTS.items():
            if type_name(kind) in kinds.split(', '):
                return f'{text}: {self._other_transport(transport, self._topic)}'
        return f'{text}: choose another topic'

    def _nobody(self) -> str:
        source = self._source
        text = f'nobody publishes {self._topic}'
        if near := similar_topic(source.node, self._topic, source.image_type):
            return (
                f'{text}, but {self._who(near)} publishes {near}: is the remap '
                f'{source.image_name}:={near} missing?'
            )
        for transport, (kind, _) in TRANSPORTS.items():
            if near := similar_topic(source.node, self._topic, type_name(kind)):
                instead = self._other_transport(transport, near)
                return f'{text}, but {self._who(near)} publishes {near}: {instead}'
        return (
            f'{text}, nor any other {source.image_type}: is the camera running, and where this '
            f'node looks ({_where_it_looks()})?'
        )

    def _who(self, topic: str) -> str:
        return names_of(self._source.node.get_publishers_info_by_topic(topic))

    def _other_transport(self, transport: str, topic: str) -> str:
        name = self._source.name_with(transport)
        resolved = self._source.node.resolve_topic_name(name)
        remap = '' if resolved == topic else f' and the remap {name}:={topic}'
        return f'set image_transport:={transport}{remap}'


def _where_it_looks() -> str:
    """Return the settings by which nodes see each other, as the environment has them."""
    domain = f'ROS_DOMAIN_ID={os.environ.get("ROS_DOMAIN_ID", "0")}'
    limits = [
        f'{name}={os.environ[name]}'
        for name in ('ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_LOCALHOST_ONLY')
        if os.environ.get(name)
    ]
    return ', '.join([domain, *limits])
