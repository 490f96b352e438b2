"""What a build without links installs works without the checkout."""

import filecmp
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs ROS')
if not (shutil.which('cmake') and shutil.which(os.environ.get('CXX', 'c++'))):
    pytest.skip('needs cmake and a C++ compiler', allow_module_level=True)

ROOT = Path(__file__).parents[2]
MEND = ROOT / 'tools' / 'wheels' / 'mend.cmake'
# Says where the modules lie, and loads the libraries of the messages.
IMPORT = """
import facemesh_ros.ros.node as node
from facemesh_ros.msg import FaceMesh, FaceMeshArray
from rclpy.serialization import deserialize_message, serialize_message

message = FaceMeshArray(faces=[FaceMesh(id='f00001')])
assert deserialize_message(serialize_message(message), FaceMeshArray) == message
print(node.__file__)
"""


@pytest.fixture(scope='module')
def prefix(tmp_path_factory):
    """Build and install the package as `colcon build` does by default."""
    folder = tmp_path_factory.mktemp('workspace')
    comes_as_wheels = importlib.util.find_spec('ros_wheels_bootstrapper') is not None
    with_wheels = ['-GNinja', f'-DCMAKE_PROJECT_INCLUDE={MEND}'] if comes_as_wheels else []
    options = ['-DBUILD_TESTING=OFF', f'-DCMAKE_INSTALL_PREFIX={folder / "install"}']
    options += [f'-DPython3_EXECUTABLE={sys.executable}', *with_wheels]
    for command in (
        ['cmake', '-S', ROOT, '-B', folder / 'build', *options],
        ['cmake', '--build', folder / 'build', '--target', 'install'],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return folder / 'install'


def in_workspace(prefix, command):
    """Run a command where the workspace is sourced, and return what it prints."""
    script = f'source {prefix}/share/facemesh_ros/local_setup.bash && exec {command}'
    done = subprocess.run(
        ['bash', '-c', script], cwd='/', capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_file_is_a_copy_in_its_place(prefix):
    (package,) = prefix.glob('l*/**/*-packages/facemesh_ros')
    places = {
        'facemesh_ros': package,
        'include': prefix / 'include' / 'facemesh_ros',
        'launch': prefix / 'share' / 'facemesh_ros' / 'launch',
        'config': prefix / 'share' / 'facemesh_ros' / 'config',
        'scripts/lib': prefix / 'lib' / 'facemesh_ros',
        'scripts/bin': prefix / 'bin',
    }
    for folder, place in places.items():
        for file in (ROOT / folder).rglob('*'):
            if file.is_file() and '__pycache__' not in file.parts:
                installed = place / file.relative_to(ROOT / folder)
                assert not installed.is_symlink()
                assert filecmp.cmp(file, installed, shallow=False), installed
                assert os.access(installed, os.X_OK) == folder.startswith('scripts')


def test_the_command_and_the_node_are_those_of_the_workspace(prefix):
    assert in_workspace(prefix, 'facemesh --version').startswith('facemesh ')
    found = in_workspace(prefix, f'{sys.executable} -c "{IMPORT}"')
    assert Path(found.strip()).is_relative_to(prefix)


def test_ament_finds_package_and_interfaces(prefix):
    index = prefix / 'share' / 'ament_index' / 'resource_index'
    assert (index / 'packages' / 'facemesh_ros').exists()
    interfaces = (index / 'rosidl_interfaces' / 'facemesh_ros').read_text().split()
    assert {name for name in interfaces if name.endswith('.msg')} == {
        f'msg/{file.name}' for file in ROOT.glob('msg/*.msg')
    }
