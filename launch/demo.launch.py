"""Starts a camera and the node `facemesh`, on a webcam, a video, a picture or a moving face.

ros2 launch facemesh_ros demo.launch.py camera:=0 rviz:=true
ros2 launch facemesh_ros demo.launch.py video:=clip.mp4
ros2 launch facemesh_ros demo.launch.py image:=face.jpg

The other arguments are those of facemesh.launch.py. The launch ends with its camera.
"""

import os

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from facemesh_ros.ros.launch_arguments import LaunchArgumentError, remappings_of
from facemesh_ros.ros.process.dds_profile import large_image_profile

FACEMESH = PathJoinSubstitution([FindPackageShare('facemesh_ros'), 'launch', 'facemesh.launch.py'])
SOURCES = {
    'camera': 'Number of a camera, N for /dev/videoN.',
    'video': 'A video file, shown in a loop.',
    'image': 'A picture file.',
}
# Of facemesh.launch.py, with its defaults: the camera follows them.
FOLLOWED = {
    'namespace': ('', 'Namespace of camera and node.'),
    'image_topic': ('image_raw', 'Topic of the images.'),
    'camera_info_topic': ('', 'Topic of the camera_info; empty: camera_info beside the images.'),
}


def generate_launch_description():
    """Declare the sources and start what shows one of them; without one, a bundled moving face."""
    declared = [
        DeclareLaunchArgument(name, default_value='', description=f'{text} One source at most.')
        for name, text in SOURCES.items()
    ]
    declared += [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in FOLLOWED.items()
    ]
    node = IncludeLaunchDescription(PythonLaunchDescriptionSource(FACEMESH))
    return LaunchDescription([GroupAction([*declared, OpaqueFunction(function=_camera), node])])


def _camera(context):
    values = {name: LaunchConfiguration(name).perform(context) for name in (*SOURCES, *FOLLOWED)}
    if context.launch_configurations.get('cameras'):
        raise LaunchArgumentError(
            'cameras: demo.launch.py has one camera; use facemesh.launch.py for those of a robot'
        )
    camera = Node(
        package='facemesh_ros',
        executable='demo_camera',
        namespace=values['namespace'],
        remappings=remappings_of({**values, 'depth_topic': 'depth/image_raw'}, []),
        arguments=_source(values),
        output='screen',
        on_exit=Shutdown(reason='the camera has ended'),
    )
    variable, profile = large_image_profile()
    # Fast DDS' defaults lose images that are larger than its shared memory.
    profiles = [] if variable in os.environ else [SetEnvironmentVariable(variable, profile)]
    return [*profiles, camera]


def _source(values):
    given = {name: values[name] for name in SOURCES if values[name]}
    if len(given) > 1:
        said = ' '.join(f'{name}:={value}' for name, value in given.items())
        raise LaunchArgumentError(f'{said}: name one of {", ".join(SOURCES)}')
    for name, value in given.items():
        path = os.path.expanduser(value)
        if name == 'camera' and not value.isdecimal():
            raise LaunchArgumentError(f'camera:={value}: it must be a number, N for /dev/videoN')
        if name != 'camera' and not os.path.isfile(path):
            raise LaunchArgumentError(f'{name}:={value}: there is no such file')
        return [f'--{name}', path]
    return []
