"""Launches the installed demo on a picture; `launch_test` runs it, under colcon test too."""

import os
import time
import unittest
from pathlib import Path

import launch_testing
import rclpy
from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.actions import ReadyToTest
from rclpy.qos import qos_profile_sensor_data

from facemesh_ros.models.store import ModelStore
from facemesh_ros.msg import FaceMeshArray

PATIENCE_S = 60.0
PICTURE = Path(__file__).parents[2] / 'docs' / 'demo.png'
NAMESPACE = f'launch_test_{os.getpid()}'
HAS_MODELS = bool(ModelStore().records()) or os.environ.get('FACEMESH_REQUIRE_DATA') == '1'


def generate_test_description():
    """Start camera and node, in a namespace of this process's own."""
    path = Path(get_package_share_directory('facemesh_ros'), 'launch', 'demo.launch.py')
    arguments = {'image': str(PICTURE), 'namespace': NAMESPACE, 'max_faces': '1'}
    demo = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(path)), launch_arguments=arguments.items()
    )
    return LaunchDescription([*([demo] if HAS_MODELS else []), ReadyToTest()])


class TestFaces(unittest.TestCase):
    """While it runs."""

    @unittest.skipUnless(HAS_MODELS, 'needs model files (facemesh models fetch)')
    def test_the_face_is_published_in_metres(self):
        """From the picture, through camera, DDS and node."""
        rclpy.init()
        self.addCleanup(rclpy.shutdown)
        node, faces = rclpy.create_node('listener'), []
        self.addCleanup(node.destroy_node)
        node.create_subscription(
            FaceMeshArray,
            f'/{NAMESPACE}/facemesh/landmarks',
            lambda msg: faces.extend(msg.faces),
            qos_profile_sensor_data,
        )
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s and not any(face.metric_source for face in faces):
            rclpy.spin_once(node, timeout_sec=0.1)
        face = next(face for face in faces if face.metric_source)
        assert face.landmark_count >= 468
        assert len(face.landmarks_metric) == 3 * face.landmark_count


@launch_testing.post_shutdown_test()
class TestEnd(unittest.TestCase):
    """After the launch was ended as by Ctrl-C."""

    def test_all_ended_cleanly(self, proc_info):
        """Neither node was killed or failed."""
        if HAS_MODELS:
            launch_testing.asserts.assertExitCodes(proc_info)
