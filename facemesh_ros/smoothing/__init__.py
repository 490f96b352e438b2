"""Landmarks over time: filters that take out noise and leave motion."""
