"""What helps against images that are lost on their way, on the middleware that runs."""

from __future__ import annotations

import os

from rclpy.qos import QoSProfile, QoSReliabilityPolicy

from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.process import packet_pieces
from facemesh_ros.ros.process.dds_profile import large_image_profile
from facemesh_ros.ros.process.middleware import (
    is_cyclone_dds,
    is_fast_dds,
    is_zenoh,
    middleware,
)


def lost_images_remedy(topics: CameraTopics, qos: QoSProfile) -> str:
    """Return what helps against lost images on this system; `qos` is the subscription's."""
    if is_zenoh():
        return (
            'the camera sends more than the network, or this machine, takes in time, and Zenoh '
            'then drops images: smaller images, a lower rate or image_transport:=compressed help'
        )
    if packet_pieces.is_full():
        return packet_pieces.REMEDY
    ways = []
    if is_fast_dds():
        ways.append(f'start the camera with {"=".join(large_image_profile())}')
    if _only_reliable_is_offered(topics, qos):
        setting = f'qos_overrides.{topics.image_topic}.subscription.reliability'
        ways.append(f'set {setting} to reliable here')
    if is_cyclone_dds():
        ways.append(
            'raise net.core.rmem_max, and SocketReceiveBufferSize in CYCLONEDDS_URI, here '
            '(docs/middleware.md)'
        )
    else:
        ways.append('between machines, raise net.core.rmem_max on both (docs/scaling.md)')
    return '; or '.join(ways)


def containers_remedy() -> str:
    """Return what else can keep all images from arriving between containers; empty if nothing."""
    return '; or, between containers, share /dev/shm (--ipc=host)' if is_fast_dds() else ''


def discovery_settings() -> str:
    """Return what decides which nodes are discovered; both sides must agree on it."""
    names = 'ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_LOCALHOST_ONLY'
    settings = [f'{name}={os.environ[name]}' for name in names if os.environ.get(name)]
    domain = f'ROS_DOMAIN_ID={os.environ.get("ROS_DOMAIN_ID", "0")}'
    text = ', '.join([domain, *settings, f'RMW_IMPLEMENTATION={middleware()}'])
    if is_zenoh():
        text += ', and a Zenoh router: ros2 run rmw_zenoh_cpp rmw_zenohd'
    return text


def _only_reliable_is_offered(topics: CameraTopics, qos: QoSProfile) -> bool:
    """Whether the subscription is best effort, and all its publishers are reliable."""
    reliable = QoSReliabilityPolicy.RELIABLE
    publishers = topics.node.get_publishers_info_by_topic(topics.image_topic)
    offered = {publisher.qos_profile.reliability for publisher in publishers}
    return qos.reliability != reliable and offered == {reliable}
