"""All pages of docs/reference/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reference.command_line import facemesh_page, run_page
from reference.cpp_header import cpp_page
from reference.diagnostics import diagnostics_page
from reference.json_lines import json_lines_page
from reference.launch_files import launch_page
from reference.messages import messages_page
from reference.parameters import parameters_page
from reference.python_api import python_page
from reference.repository import ROOT_DOCUMENTS, Site
from reference.topics import topics_page

FOLDER = 'reference'


def reference_pages(root: Path) -> dict[str, Callable[[], str]]:
    """Return what writes each page, by its file name."""
    return {
        'topics.md': topics_page,
        'messages.md': lambda: messages_page(root / 'msg'),
        'parameters.md': parameters_page,
        'launch.md': lambda: launch_page(root / 'launch'),
        'facemesh.md': facemesh_page,
        'run.md': lambda: run_page(root / 'tools' / 'workspace' / 'help.txt'),
        'json_lines.md': json_lines_page,
        'diagnostics.md': diagnostics_page,
        'python.md': python_page,
        'cpp.md': lambda: cpp_page(root / 'include' / 'facemesh_ros'),
    }


def write_pages(root: Path, docs: Path) -> None:
    """Write docs/reference/ anew; a page that has not changed is not touched.

    Args:
        root: The repository.
        docs: Folder of the pages that is built.
    """
    folder = docs / FOLDER
    folder.mkdir(exist_ok=True)
    pages = {name: write() for name, write in reference_pages(root).items()}
    site = Site(root, docs)
    for document, name in ROOT_DOCUMENTS.items():
        source = (root / document).read_text(encoding='utf-8')
        pages[name] = site.translated(source, document, Path(FOLDER, name))
    for name, content in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding='utf-8') != content:
            path.write_text(content, encoding='utf-8')
    for stale in {path.name for path in folder.iterdir()} - pages.keys():
        (folder / stale).unlink()
