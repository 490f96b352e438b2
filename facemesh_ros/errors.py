"""The project's own errors: bad input or a bad installation, never a bug."""

from __future__ import annotations


class FacemeshError(Exception):
    """Base of all errors whose text is meant for the user and names the way out."""
