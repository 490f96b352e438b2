"""Geometry in the image and in space: boxes, ROIs, tiles, cameras, the canonical face."""
