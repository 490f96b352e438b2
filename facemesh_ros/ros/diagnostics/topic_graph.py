"""Who publishes a topic, and which other topic may have been meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from rclpy.node import Node
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible
from rclpy.topic_endpoint_info import TopicEndpointInfo

NAMELESS = '_NODE_NAME_UNKNOWN_'


def names_of(publishers: Iterable[TopicEndpointInfo]) -> str:
    """Return the names of the nodes that publish, for people."""
    names = {
        f'{publisher.node_namespace.rstrip("/")}/{publisher.node_name}'
        for publisher in publishers
        if publisher.node_name and publisher.node_name != NAMELESS
    }
    return ', '.join(sorted(names)) or 'a node without a name'


def why_incompatible(publishers: Sequence[TopicEndpointInfo], wanted: QoSProfile) -> str:
    """Return why no publisher's quality of service serves a subscription; empty if one does."""
    reason = ''
    for publisher in publishers:
        compatibility, why = qos_check_compatible(publisher.qos_profile, wanted)
        if compatibility != QoSCompatibility.ERROR:
            return ''
        reason = why.replace('ERROR: ', '').strip(' ;')
    return reason


def similar_topic(node: Node, wanted: str, kind: str) -> str:
    """Return the topic of a message type whose name is the nearest to the wanted one.

    Only topics that other nodes publish count; empty if there is none.
    """
    own = node.get_fully_qualified_name()
    others = [
        topic
        for topic, kinds in node.get_topic_names_and_types()
        if topic != wanted and kind in kinds and _published_by_others(node, topic, own)
    ]
    return max(others, key=lambda topic: _likeness(topic, wanted), default='')


def _published_by_others(node: Node, topic: str, own: str) -> bool:
    publishers = node.get_publishers_info_by_topic(topic)
    return bool(publishers) and names_of(publishers) != own


def _likeness(topic: str, wanted: str) -> tuple[bool, float]:
    """Return how like two topics are: the last part of the name says what is in it."""
    same_end = topic.rpartition('/')[2] == wanted.rpartition('/')[2]
    return same_end, SequenceMatcher(None, topic, wanted).ratio()
