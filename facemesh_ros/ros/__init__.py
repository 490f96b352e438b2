"""The ROS 2 shell: the only importer of rclpy; it wires and converts, and calculates nothing."""
