"""A report of a recording: one HTML page with curves, and sentences that say what is normal."""
