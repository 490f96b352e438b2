"""Tracks: which face of this frame is which face of the last."""
