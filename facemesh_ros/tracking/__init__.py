"""Tracking: which faces of this frame are which faces of the last."""
