"""Visualisation of results."""
