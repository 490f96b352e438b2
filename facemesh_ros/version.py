"""Which release this is."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from pathlib import Path
from xml.etree import ElementTree

import facemesh_ros

NAME = 'facemesh_ros'


def version() -> str:
    """Return the version of package.xml: of a checkout's own, else of what was installed."""
    manifest = Path(facemesh_ros.__file__).parents[1] / 'package.xml'
    if manifest.is_file():
        return ElementTree.parse(manifest).getroot().findtext('version', '')
    return installed_version(NAME)
