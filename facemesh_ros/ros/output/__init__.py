"""Faces to messages, markers and point clouds."""
