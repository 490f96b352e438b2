"""The face pipeline as pure functions of frames: no ROS, no clock, no files after construction."""
