"""The documents as a site: `./run docs`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from workspace.environment import environment_without_ros
from workspace.layout import ROOT
from workspace.peers import peer_python
from workspace.place import require_usable_checkout
from workspace.steps import tell

SITE = ROOT / 'build' / 'docs'


def make_pages(folder: Path = SITE) -> int:
    """Make the site anew and say where it is; return the exit status, not 0 for any warning.

    Args:
        folder: Gets the pages in html/, which need no server and no network.
    """
    shutil.rmtree(folder, ignore_errors=True)
    status = _sphinx('html', folder)
    if status == 0:
        print((folder / 'html' / 'index.html').as_uri())
    return status


def visit_links(folder: Path = SITE) -> int:
    """Visit every link that leaves the site, through the network; return the exit status."""
    status = _sphinx('linkcheck', folder)
    if status == 0:
        print('every link that leaves the site was answered')
    return status


def _sphinx(builder: str, folder: Path) -> int:
    """Run Sphinx, for which any warning is an error; each is told before it ends."""
    require_usable_checkout()  # the generated pages lie beside the others
    python = peer_python('docs')
    options = ['--quiet', '--fail-on-warning', '--keep-going', '--fresh-env']
    places = [f'--doctree-dir={folder / "doctrees"}', ROOT / 'docs', folder / builder]
    command = [python, '-B', '-m', 'sphinx', f'--builder={builder}', *options, *places]
    status = subprocess.call(list(map(str, command)), env=environment_without_ros())
    if status:
        tell(f'./run: Sphinx found what is told above; {builder} failed')
    return status
