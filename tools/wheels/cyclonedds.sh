#!/bin/bash
# Builds an RMW implementation on Cyclone DDS, with DDS security, for the ROS wheels, which have
# none. For tests on another middleware and of enclaves; docs/middleware.md. Needs Debian 12, g++
# and a checkout of ros2/rmw_cyclonedds (rolling of December 2024 was tried with Kilted's wheels).
#
#   ./run shell -c 'tools/wheels/cyclonedds.sh FOLDER CHECKOUT'
#   ./run shell -c '. FOLDER/env.sh; python -m pytest test/ros/security'
set -euo pipefail
mkdir -p "$1"
folder=$(realpath "$1") checkout=$(realpath "$2")
prefix=$(python -c 'import sys; print(sys.prefix)')
system=$folder/debian/usr
libraries=$system/lib/x86_64-linux-gnu

mkdir -p "$folder"/{archives,objects,lib}
(cd "$folder/archives" && apt-get download cyclonedds-dev libddsc0debian \
    libiceoryx-{binding-c,posh,hoofs}{-dev,2} libiceoryx-platform2)
for archive in "$folder"/archives/*.deb; do dpkg -x "$archive" "$folder/debian"; done

rm -rf "$folder/src"
cp -r "$checkout/rmw_cyclonedds_cpp/src" "$folder/src"
# From Kilted on, what finds the files of an enclave is in a package of its own, and in C.
cat > "$folder/src/security_files.hpp" <<'HPP'
#include <string>
#include <unordered_map>
#include "rcutils/types/string_map.h"
#include "rmw_security_common/security.hpp"
namespace rmw_dds_common {
static bool get_security_files(const char * prefix, const char * root,
  std::unordered_map<std::string, std::string> & files)
{
  rcutils_string_map_t found = rcutils_get_zero_initialized_string_map();
  if (rcutils_string_map_init(&found, 0, rcutils_get_default_allocator()) != RCUTILS_RET_OK) {
    return false;
  }
  const bool all = ::get_security_files(prefix, root, &found) == RMW_RET_OK;
  const char * key = all ? rcutils_string_map_get_next_key(&found, nullptr) : nullptr;
  for (; key; key = rcutils_string_map_get_next_key(&found, key)) {
    files[key] = rcutils_string_map_get(&found, key);
  }
  rcutils_string_map_fini(&found);
  return all;
}
}
HPP
sed -i 's|"rmw_dds_common/security.hpp"|"security_files.hpp"|' "$folder/src/rmw_node.cpp"

includes=(-I"$system/include" -I"$system/include/x86_64-linux-gnu")
includes+=("$system"/include/iceoryx/*) && includes[-1]=-I${includes[-1]}
for package in "$prefix"/include/*/; do includes+=(-I"$package"); done
compile() { g++ -std=c++17 -O1 -fPIC -w "${@:2}" -c "$1" -o "$folder/objects/$(basename "$1").o"; }
for source in "$folder"/src/*.cpp; do
  compile "$source" -DRMW_VERSION_{MAJOR=7,MINOR=8,PATCH=2} \
    -DROS_PACKAGE_NAME='"rmw_cyclonedds_cpp"' "${includes[@]}"
done
g++ -shared -o "$folder/lib/librmw_cyclonedds_cpp.so" "$folder"/objects/*.o \
  -L"$libraries" -l:libddsc.so.0debian -L"$prefix/lib" -lrmw -lrcutils -lrcpputils \
  -lrmw_dds_common -lrmw_dds_common__rosidl_typesupport_cpp -lrmw_security_common \
  -lrosidl_typesupport_introspection_c -lrosidl_typesupport_introspection_cpp \
  -lrosidl_runtime_c -ltracetools -Wl,--allow-shlib-undefined

# The wheels are linked to Fast DDS by name; loaded before it, the functions of this one are taken.
bundled=$(printf '%s:' "$prefix"/lib/python3*/site-packages/ros_*.libs)
cat > "$folder/env.sh" <<SH
export RMW_IMPLEMENTATION=rmw_cyclonedds_cpp
export LD_PRELOAD=$folder/lib/librmw_cyclonedds_cpp.so
export LD_LIBRARY_PATH=$prefix/lib:${bundled}$libraries:$libraries/libddsc0debian:\$LD_LIBRARY_PATH
SH
echo ". $folder/env.sh"
