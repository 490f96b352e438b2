"""What a ROS process needs: start, signals, shared memory, DDS profile, logs."""
