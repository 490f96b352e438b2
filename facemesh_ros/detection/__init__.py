"""Face detection: BlazeFace, and the search that runs it over windows of an image or a stream."""
