"""Camera bytes to frames, and crops of frames."""
