"""Temporal filters: steady landmarks of faces that keep their ids."""
