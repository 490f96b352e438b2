"""One command that shows the node at work: a camera, the node, and a view of what it says."""
