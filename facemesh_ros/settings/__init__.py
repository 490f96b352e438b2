"""Settings: documented dataclasses that declare every parameter once."""
