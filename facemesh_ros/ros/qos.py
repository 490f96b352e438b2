"""Qualities of service, as consumers of robot perception expect them (REP-2003)."""

from __future__ import annotations

from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSProfile,
    QoSReliabilityPolicy,
    qos_profile_sensor_data,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

SENSOR_DATA = qos_profile_sensor_data
# Depth 1: while one image is processed, newer ones replace each other.
IMAGES = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=5, reliability=QoSReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)


def overridable() -> QoSOverridingOptions:
    """Let users set a topic's quality of service by `qos_overrides` parameters."""
    return QoSOverridingOptions.with_default_policies()
