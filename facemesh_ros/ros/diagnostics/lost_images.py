"""What helps where images get lost on the way."""

from __future__ import annotations

import rclpy
from rclpy.qos import QoSProfile, QoSReliabilityPolicy

from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.process.dds_profile import large_image_profile


def cure_of_losses(source: CameraTopics, wanted: QoSProfile) -> str:
    """Return what to do about large images that are lost, as far as it helps here.

    Args:
        source: Whose images they are.
        wanted: The quality of service that they are subscribed to with.
    """
    ways = []
    if 'fastrtps' in rclpy.get_rmw_implementation_identifier():
        ways.append(f'start the camera with {"=".join(large_image_profile())}')
    if _may_be_reliable(source, wanted):
        setting = f'qos_overrides.{source.image_topic}.subscription.reliability'
        ways.append(f'set {setting} to reliable here')
    ways.append('from another machine, raise net.core.rmem_max on both (docs/scaling.md)')
    return '; or '.join(ways)


def _may_be_reliable(source: CameraTopics, wanted: QoSProfile) -> bool:
    reliable = QoSReliabilityPolicy.RELIABLE
    publishers = source.node.get_publishers_info_by_topic(source.image_topic)
    offered = {publisher.qos_profile.reliability for publisher in publishers}
    return wanted.reliability != reliable and offered == {reliable}
