"""The `facemesh` command: the pipeline and its model files from a shell, without ROS."""
