"""Face sensor for robots: face detection and FaceMesh landmarks over ROS 2 and without it."""

from pkgutil import extend_path

# A Python started in a checkout imports the folder there, which has no generated msg/; this finds
# it in the installed package.
__path__ = extend_path(__path__, __name__)
