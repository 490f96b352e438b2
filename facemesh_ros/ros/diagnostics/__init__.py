"""Diagnostics of the node: what is checked, and what /diagnostics and the log say."""
