"""The consumer module reads real messages, so its tests need ROS."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec('rclpy') else ['test_*.py']
