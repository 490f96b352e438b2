"""Face detection: BlazeFace, and where and when in a stream it looks."""
