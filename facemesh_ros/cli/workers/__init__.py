"""Processes that work on the sources of a run: of this machine, or of a cluster."""
