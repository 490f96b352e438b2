"""Message packages that the ROS wheels lack: CMake projects, written from lists of messages."""

from __future__ import annotations

import re
from pathlib import Path

from workspace.layout import REQUIREMENTS

MESSAGES = REQUIREMENTS / 'messages'
# The node publishes this one on every machine; the others are there to be tested with.
NEEDED = ('tf2_msgs',)
OPTIONAL = ('foxglove_msgs', 'hri_msgs', 'vision_msgs')

_CMAKE = """\
cmake_minimum_required(VERSION 3.20)
project({package})
find_package(ament_cmake REQUIRED)
find_package(rosidl_default_generators REQUIRED)
{finds}
rosidl_generate_interfaces(${{PROJECT_NAME}}
  {messages}
  DEPENDENCIES {packages}
)
ament_export_dependencies(rosidl_default_runtime)
ament_package()
"""
_PACKAGE = """\
<?xml version="1.0"?>
<package format="3">
  <name>{package}</name>
  <version>0.1.0</version>
  <description>Messages of {package}, for environments of wheels.</description>
  <maintainer email="maintainers@example.com">facemesh_ros maintainers</maintainer>
  <license>Apache-2.0</license>
  <buildtool_depend>ament_cmake</buildtool_depend>
  <buildtool_depend>rosidl_default_generators</buildtool_depend>
  {depends}
  <exec_depend>rosidl_default_runtime</exec_depend>
  <member_of_group>rosidl_interface_packages</member_of_group>
  <export><build_type>ament_cmake</build_type></export>
</package>
"""


def definitions_of(package: str) -> list[Path]:
    """Return the message files of a package."""
    return sorted((MESSAGES / package).glob('*.msg'))


def write_project(package: str, folder: Path) -> None:
    """Write the CMake project of a package; files that are there already are left untouched."""
    definitions = definitions_of(package)
    texts = {f'msg/{path.name}': path.read_text() for path in definitions}
    used = {name for text in texts.values() for name in re.findall(r'^(\w+)/\w+', text, re.M)}
    packages = sorted(used - {package})
    cmake = _CMAKE.format(
        package=package,
        finds='\n'.join(f'find_package({name} REQUIRED)' for name in packages),
        messages='\n  '.join(texts),
        packages=' '.join(packages),
    )
    depends = '\n  '.join(f'<depend>{name}</depend>' for name in packages)
    texts['CMakeLists.txt'] = cmake
    texts['package.xml'] = _PACKAGE.format(package=package, depends=depends)
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # A newer file would be built again.
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
