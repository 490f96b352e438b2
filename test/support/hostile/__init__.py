"""Hostile input: strategies, a corpus of the smallest known cases, and what must hold for each."""
