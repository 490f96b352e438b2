# Mends the ROS wheels from outside; given to CMake as CMAKE_PROJECT_INCLUDE. A ROS installation
# needs nothing of this, so CMakeLists.txt stays plain ROS.

# 1. The code generators look for their typesupports in AMENT_PREFIX_PATH, which no wheel sets.
find_package(rosidl_cmake REQUIRED)
cmake_path(SET mend_prefix NORMALIZE "${rosidl_cmake_DIR}/../../..")
set(ENV{AMENT_PREFIX_PATH} "${mend_prefix}")
list(PREPEND CMAKE_PREFIX_PATH "${mend_prefix}")

# 2. The Python targets of messages export the include folders of the Python that built them. Those
#    of the wheels were built on another machine, and CMake refuses a folder that does not exist.
#    Those of this build lie in a venv, perhaps inside the sources, and CMake refuses to export
#    that. Only the build itself needs them.
function(mend_include_directories)
  get_property(imported DIRECTORY PROPERTY IMPORTED_TARGETS)
  get_property(built DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
  set(python_targets ${imported} ${built})
  list(FILTER python_targets INCLUDE REGEX "__rosidl_generator_py$")
  foreach(target IN LISTS python_targets)
    get_target_property(folders ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(folders)
      list(FILTER folders EXCLUDE REGEX "^/opt/python/")
      list(TRANSFORM folders REPLACE "^(/.*)$" "$<BUILD_INTERFACE:\\1>")
      set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${folders}")
    endif()
  endforeach()
endfunction()
cmake_language(DEFER CALL mend_include_directories)

# 3. What a C++ program would be linked with: libraries that the wheels carry inside, by names of
#    their own, but export as files of that other machine or as plain names; and the Python halves
#    of messages, which need a Python around them.
function(mend_libraries)
  get_property(imported DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target IN LISTS imported)
    get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
    if(libraries)
      list(FILTER libraries EXCLUDE REGEX "^/usr/lib64/|^lttng-ust|__rosidl_generator_py$")
      set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${libraries}")
    endif()
  endforeach()
endfunction()
cmake_language(DEFER CALL mend_libraries)
