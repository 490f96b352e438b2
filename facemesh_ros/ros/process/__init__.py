"""Setup of a ROS process: start, signals, lifecycle, allocator, shared memory, DDS, logs."""
