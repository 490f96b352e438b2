"""Qualities of service, as consumers of robot perception expect them (REP-2003)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSProfile,
    QoSReliabilityPolicy,
    qos_profile_sensor_data,
)
from rclpy.qos_overriding_options import InvalidQosOverridesError, QoSOverridingOptions
from rclpy.subscription import Subscription

from facemesh_ros.errors import FacemeshError

SENSOR_DATA = qos_profile_sensor_data
# Depth 1: while one image is processed, newer ones replace each other.
IMAGES = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=5, reliability=QoSReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
LONGEST_TEXT = 200
# What rclpy and rcl raise for a quality of service that is none.
_OVERRIDE_ERRORS = (
    AssertionError,
    InvalidQosOverridesError,
    ParameterException,
    RuntimeError,
    TypeError,
    ValueError,
)


class TopicError(FacemeshError):
    """A topic cannot be published or subscribed to as it is asked for."""


def create_publisher(node: Node, kind: type, topic: str, qos: QoSProfile) -> Publisher:
    """Publish a topic, its quality of service overridable by `qos_overrides` parameters.

    Raises:
        TopicError: If its name or its quality of service is none.
    """
    with _told(node, topic, 'publisher'):
        return node.create_publisher(kind, topic, copy(qos), qos_overriding_options=overridable())


def create_subscription(
    node: Node, kind: type, topic: str, callback: Any, qos: QoSProfile, **options: Any
) -> Subscription:
    """Subscribe to a topic; the rest is as `create_publisher` has it."""
    with _told(node, topic, 'subscription'):
        return node.create_subscription(
            kind, topic, callback, copy(qos), qos_overriding_options=overridable(), **options
        )


def overridable() -> QoSOverridingOptions:
    """Let users set a topic's quality of service by `qos_overrides` parameters.

    rclpy writes them into the profile that it is given, so each topic needs one of its own.
    """
    return QoSOverridingOptions.with_default_policies()


def resolved(node: Node, topic: str) -> str:
    """Return a topic's full name after remapping; raises TopicError if that is none."""
    try:
        return node.resolve_topic_name(topic)
    except (NameValidationException, RuntimeError) as error:
        raise _name_error(topic, error) from error


@contextmanager
def _told(node: Node, topic: str, role: str) -> Iterator[None]:
    try:
        yield
    except NameValidationException as error:
        raise _name_error(topic, error) from error
    except _OVERRIDE_ERRORS as error:
        raise TopicError(
            f'no {role} of {topic}: {_gist(error)}; correct the parameters '
            f'qos_overrides.{resolved(node, topic)}.{role}.* (reliability: reliable or '
            'best_effort; history: keep_last or keep_all; depth: a number of messages)'
        ) from error


def _name_error(topic: str, error: Exception) -> TopicError:
    return TopicError(
        f'{topic} is no name of a topic: {_gist(error)}; remap it to another one, or change the '
        'namespace, the name of the node or `cameras`'
    )


def _gist(error: Exception) -> str:
    text = ' '.join(str(error).split())
    return text if len(text) <= LONGEST_TEXT else f'{text[:LONGEST_TEXT]}…'
