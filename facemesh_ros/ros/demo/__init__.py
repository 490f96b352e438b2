"""The demo: a camera, the node, and a view of what the node publishes."""
