"""A C++ package can use the installed messages by `find_package(facemesh_ros)`."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

CONSUMER = Path(__file__).parent / 'cpp_consumer'
MEND = Path(__file__).parents[2] / 'tools' / 'wheels' / 'mend.cmake'


@pytest.mark.skipif(
    not (shutil.which('cmake') and shutil.which(os.environ.get('CXX', 'c++'))),
    reason='needs cmake and a C++ compiler',
)
def test_cpp_program_fills_and_reads_a_face(tmp_path):
    pytest.importorskip('rclpy', reason='needs ROS and the installed package')
    comes_as_wheels = importlib.util.find_spec('ros_wheels_bootstrapper') is not None
    # As a package of the user's is built there; CMake's own choice would be make, which a machine
    # without a ROS installation need not have.
    with_wheels = ['-GNinja', f'-DCMAKE_PROJECT_INCLUDE={MEND}'] if comes_as_wheels else []
    subprocess.run(['cmake', '-S', CONSUMER, '-B', tmp_path, *with_wheels], check=True)
    subprocess.run(['cmake', '--build', tmp_path], check=True)

    said = subprocess.run([tmp_path / 'nearest_face'], check=True, capture_output=True, text=True)

    assert said.stdout == 'camera_optical_frame f00007 1 120.5 40 0.75 3\n'
