"""Temporal filters of landmarks: they remove noise and keep motion."""
