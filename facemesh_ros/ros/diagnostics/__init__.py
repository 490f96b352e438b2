"""What the node tells of itself on /diagnostics and in its log."""
