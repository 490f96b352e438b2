"""Quality of service of each kind of topic (REP-2003), overridable by parameters."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from rclpy.duration import Duration
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSPolicyKind,
    QoSProfile,
    QoSReliabilityPolicy,
    qos_profile_sensor_data,
)
from rclpy.qos_overriding_options import InvalidQosOverridesError, QoSOverridingOptions
from rclpy.subscription import Subscription

from facemesh_ros.errors import FacemeshError, in_one_line

SENSOR_DATA = qos_profile_sensor_data
# Depth 1: while one image is processed, newer ones replace each other.
IMAGES = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=5, reliability=QoSReliabilityPolicy.RELIABLE)
# A link that was cut must not bring the results of before the cut, which a consumer would take for
# the present. A shorter time would leave none to repeat what is lost on the way: Fast DDS does so
# after the next result.
RESULTS = QoSProfile(
    depth=5, reliability=QoSReliabilityPolicy.RELIABLE, lifespan=Duration(seconds=2)
)
# As tf2's own broadcaster, but for the lifespan.
TF = QoSProfile(depth=100, reliability=QoSReliabilityPolicy.RELIABLE, lifespan=RESULTS.lifespan)
LATCHED = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
MAX_ERROR_CHARS = 200
OVERRIDABLE = (
    *(QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY),
    QoSPolicyKind.LIFESPAN,  # which rclpy leaves out for subscriptions
)
# What rclpy and rcl raise for an invalid quality of service.
_OVERRIDE_ERRORS = (
    AssertionError,
    InvalidQosOverridesError,
    ParameterException,
    RuntimeError,
    TypeError,
    ValueError,
)


class TopicError(FacemeshError):
    """A topic cannot be published or subscribed to as requested."""


def create_publisher(node: Node, msg_type: type, topic: str, qos: QoSProfile) -> Publisher:
    """Publish a topic, its quality of service overridable by `qos_overrides` parameters.

    Raises:
        TopicError: If its name or its quality of service is invalid.
    """
    with _errors_explained(node, topic, 'publisher'):
        # rclpy writes overrides into the profile, so each topic needs a copy.
        options = QoSOverridingOptions(OVERRIDABLE)
        return node.create_publisher(msg_type, topic, copy(qos), qos_overriding_options=options)


def create_subscription(
    node: Node, msg_type: type, topic: str, callback: Any, qos: QoSProfile, **options: Any
) -> Subscription:
    """Subscribe to a topic; otherwise as `create_publisher`."""
    with _errors_explained(node, topic, 'subscription'):
        options['qos_overriding_options'] = QoSOverridingOptions(OVERRIDABLE)
        return node.create_subscription(msg_type, topic, callback, copy(qos), **options)


def resolved(node: Node, topic: str) -> str:
    """Return a topic's full name after remapping; raises TopicError if that is invalid."""
    try:
        return node.resolve_topic_name(topic)
    except (NameValidationException, RuntimeError) as error:
        raise _name_error(topic, error) from error


@contextmanager
def _errors_explained(node: Node, topic: str, role: str) -> Iterator[None]:
    try:
        yield
    except NameValidationException as error:
        raise _name_error(topic, error) from error
    except _OVERRIDE_ERRORS as error:
        raise TopicError(
            f'cannot create the {role} of {topic}: {_shortened(error)}; correct the parameters '
            f'qos_overrides.{resolved(node, topic)}.{role}.* (reliability: reliable or '
            'best_effort; history: keep_last or keep_all; depth: a number of messages; lifespan, '
            'of publishers: ns)'
            f'{_enclave_remedy()}'
        ) from error


def _enclave_remedy() -> str:
    """Return what helps if SROS2 refuses a topic, for which middlewares have no words of it."""
    if os.environ.get('ROS_SECURITY_ENABLE') != 'true':
        return ''
    return ", or allow it in the enclave's policy (config/sros2, docs/security.md)"


def _name_error(topic: str, error: Exception) -> TopicError:
    return TopicError(
        f'{topic} is not a valid topic name: {_shortened(error)}; remap it, or change the '
        'namespace, the node name or `cameras`'
    )


def _shortened(error: Exception) -> str:
    text = in_one_line(error)
    return text if len(text) <= MAX_ERROR_CHARS else f'{text[:MAX_ERROR_CHARS]}…'
