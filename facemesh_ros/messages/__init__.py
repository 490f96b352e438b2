"""ROS messages without ROS: images in, faces out, of whichever message classes there are."""
