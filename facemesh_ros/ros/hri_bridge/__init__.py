"""The bridge to ROS4HRI (REP-155): what the node publishes, as hri's consumers read it."""
