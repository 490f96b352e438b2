"""Queries of the ROS graph: publishers of a topic, their QoS, and topics with similar names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from rclpy.node import Node
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible
from rclpy.topic_endpoint_info import TopicEndpointInfo

UNKNOWN_NODE = '_NODE_NAME_UNKNOWN_'


def names_of(publishers: Iterable[TopicEndpointInfo]) -> str:
    """Return the names of the publishing nodes, separated by commas."""
    names = {
        f'{publisher.node_namespace.rstrip("/")}/{publisher.node_name}'
        for publisher in publishers
        if publisher.node_name and publisher.node_name != UNKNOWN_NODE
    }
    return ', '.join(sorted(names)) or 'a node of unknown name'


def why_incompatible(publishers: Sequence[TopicEndpointInfo], qos: QoSProfile) -> str:
    """Return why no publisher is compatible with a subscription's QoS; empty if one is."""
    reason = ''
    for publisher in publishers:
        compatibility, why = qos_check_compatible(publisher.qos_profile, qos)
        if compatibility != QoSCompatibility.ERROR:
            return ''
        reason = why.replace('ERROR: ', '').strip(' ;')
    return reason


def similar_topic(node: Node, wanted: str, type_name: str) -> str:
    """Return the topic of a message type whose name is most similar to the wanted one.

    Only topics that other nodes publish count; empty if there is none.
    """
    own = node.get_fully_qualified_name()

    def is_published_by_others(topic: str) -> bool:
        publishers = node.get_publishers_info_by_topic(topic)
        return bool(publishers) and names_of(publishers) != own

    def similarity(topic: str) -> tuple[bool, float]:
        # The last part of the name says what the topic carries.
        same_end = topic.rpartition('/')[2] == wanted.rpartition('/')[2]
        return same_end, SequenceMatcher(None, topic, wanted).ratio()

    others = [
        topic
        for topic, type_names in node.get_topic_names_and_types()
        if topic != wanted and type_name in type_names and is_published_by_others(topic)
    ]
    return max(others, key=similarity, default='')
