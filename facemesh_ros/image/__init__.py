"""Conversion of camera images to frames, and crops of frames."""
