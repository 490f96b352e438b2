"""A branch of Rerun's tree of entities."""

from __future__ import annotations

from typing import Any


class Branch:
    """Logs below one place of a recording, at the time that the recording is set to.

    Attributes:
        sdk: Rerun.
        root: The place.
        is_live: Whether what is logged is looked at as it comes.
    """

    def __init__(self, sdk: Any, recording: Any, root: str, *, is_live: bool = False) -> None:
        self.sdk, self.root, self.is_live, self._recording = sdk, root, is_live, recording

    def log(self, path: str, shown: Any, *, static: bool = False) -> None:
        """Log something; a static one holds at all times."""
        self._recording.log(f'{self.root}/{path}', shown, static=static)

    def clear(self, path: str) -> None:
        """Let all below a path disappear."""
        self.log(path, self.sdk.Clear(recursive=True))

    def below(self, path: str, *parts: str) -> str:
        """Return the path of parts with any characters."""
        escaped = (self.sdk.escape_entity_path_part(readable(part)) for part in parts)
        return '/'.join([path, *escaped])


def readable(text: str) -> str:
    """Return a name as Rerun takes it: not empty, and nothing that is not Unicode."""
    return text.encode(errors='replace').decode() or '?'
