"""Links between the documents of the repository, as they are on the site.

On the forge a document links to files beside it; on the site such a file is another page, or is
downloaded.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

# Documents outside docs/ that are pages of the site.
ROOT_DOCUMENTS = {
    'README.md': 'readme.md',
    'CONTRIBUTING.md': 'contributing.md',
    'QUALITY_DECLARATION.md': 'quality_declaration.md',
    'CHANGELOG.rst': 'changelog.rst',
}
# Files that a page of the reference shows.
_SHOWN = {
    'config/facemesh.yaml': 'parameters.md',
    'include/facemesh_ros/consumer.hpp': 'cpp.md',
    'launch/facemesh.launch.py': 'launch.md#facemesh-launch-py',
    'launch/demo.launch.py': 'launch.md#demo-launch-py',
    'msg': 'messages.md',
    'msg/FaceMesh.msg': 'messages.md#facemesh',
    'msg/FaceMeshArray.msg': 'messages.md#facemesharray',
    'msg/FaceMeshInfo.msg': 'messages.md#facemeshinfo',
}
# In a table of contents.
_PATTERN = re.compile(r'[\w/]*\*\n')
_LINK = re.compile(r'(?<=\]\()(?!https?:|mailto:|#)[^)\s]+(?=\))')


class Site:
    """Where documents of the repository lie on the site.

    Args:
        root: The repository.
        docs: Folder of the pages that is built: docs/ itself, or a copy of it.
    """

    def __init__(self, root: Path, docs: Path) -> None:
        self._root, self._docs = root, docs

    def translated(self, markdown: str, document: str, page: Path) -> str:
        """Return a document with its links as they are on the site.

        Args:
            markdown: Text of the document.
            document: Its place in the repository, such as docs/install.md.
            page: Its place below the folder of the pages, such as install.md.
        """
        folder = PurePosixPath(document).parent
        lines, is_code = [], False
        for line in markdown.splitlines(keepends=True):
            is_code ^= line.lstrip().startswith('```')
            if not is_code:
                line = _LINK.sub(lambda link: self._target(link[0], folder, page), line)
            lines.append(line)
        return ''.join(lines)

    def without_absent_pages(self, markdown: str) -> str:
        """Return a page without the patterns of its tables of contents that match no page.

        Sphinx takes one for a mistake; which pages there are is the repository's matter.
        """
        return ''.join(
            line
            for line in markdown.splitlines(keepends=True)
            if not _PATTERN.fullmatch(line) or any(self._docs.glob(f'{line.strip()}.md'))
        )

    def _target(self, link: str, folder: PurePosixPath, page: Path) -> str:
        path, mark, anchor = link.partition('#')
        named = os.path.normpath(folder / path)
        if named in _SHOWN:
            target = Path('reference', _SHOWN[named])
        elif named in ROOT_DOCUMENTS:
            target = Path('reference', ROOT_DOCUMENTS[named] + mark + anchor)
        elif named.startswith('docs/'):
            target = Path(os.path.relpath(named, 'docs') + mark + anchor)
        else:  # a file of the repository, which can be downloaded
            target = Path(os.path.relpath(self._root / named, self._docs))
        return os.path.relpath(target, page.parent)
