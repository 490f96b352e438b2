"""Faces to messages, and the topics that show them."""
