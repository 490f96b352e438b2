#!/bin/bash
# Starts a command with ROS and, where it is installed, this package on its paths.
set -e
# shellcheck source=/dev/null
source "/opt/ros/$ROS_DISTRO/setup.bash"
if [ -f /opt/facemesh/setup.bash ]; then
  # shellcheck source=/dev/null
  source /opt/facemesh/setup.bash
fi
# Room for images; a camera of images as small as VGA would lose them without. Fast DDS 2 knows the
# first name only; Fast DDS 3 reads both and complains of one file read twice.
case $ROS_DISTRO in
  humble | jazzy) profile=FASTRTPS_DEFAULT_PROFILES_FILE ;;
  *) profile=FASTDDS_DEFAULT_PROFILES_FILE ;;
esac
[ -n "${!profile}" ] || export "$profile=/fastdds_large_images.xml"
exec "$@"
