"""The C++ interface: the headers without what is behind it."""

from __future__ import annotations

import re
from pathlib import Path

from reference.markdown import block, page, text

_INTRODUCTION = """\
Header only, C++17, target `facemesh_ros::consumer`; `#include "facemesh_ros/consumer.hpp"`.
All is in the namespace `facemesh_ros::consumer`. [Nodes that read faces](../consumers.md)
shows a first node."""
_ORDER = ('views', 'landmark_names', 'poses', 'openings', 'freshness', 'camera', 'vectors')
_HIDDEN = (
    r'^#.*\n',  # guards and includes
    r'(?s:^namespace detail\n\{.*?^\}  // namespace detail\n)',
    r'^namespace [\w:]+\n\{\n',
    r'^\}  // namespace .*\n',
    r'(?s:^private:\n.*?(?=^\};))',
)


def cpp_page(include: Path) -> str:
    """Return the page of the header and of those that it includes."""
    whole = (include / 'consumer.hpp').read_text(encoding='utf-8')
    names = {path.stem for path in (include / 'consumer').glob('*.hpp')}
    ordered = [*_ORDER, *sorted(names - {*_ORDER})]
    headers = [include / 'consumer' / f'{name}.hpp' for name in ordered]
    return page(
        'C++ API',
        _INTRODUCTION,
        text(_head_comment(whole)) + '\n',
        *(_section(header) for header in headers),
    )


def _section(header: Path) -> str:
    source = header.read_text(encoding='utf-8')
    head = _head_comment(source)
    rest = source.split('\n#', 1)[1]
    return f'## {header.name}\n\n{text(head)}\n\n{block(outline("#" + rest), "cpp")}'


def _head_comment(source: str) -> str:
    lines = source.partition('\n#')[0].splitlines()
    return ' '.join(filter(None, (line.removeprefix('//').strip() for line in lines)))


def outline(source: str) -> str:
    """Return a header without guards, details, private members, and what functions do."""
    for pattern in _HIDDEN:
        source = re.sub(pattern, '', source, flags=re.MULTILINE)
    declarations = re.sub(r'\n{3,}', '\n\n', _without_bodies(source)).strip()
    return declarations.replace('\n\n};', '\n};')


def _without_bodies(source: str) -> str:
    """Return a header with declarations of functions only, for definitions."""
    kept, brackets, skipped, begins = '', 0, 0, 0
    for line in source.splitlines(keepends=True):
        is_comment = line.lstrip().startswith('//')
        for character in line:
            if skipped:
                skipped += (character == '{') - (character == '}')
                continue
            if not is_comment:
                brackets += (character == '(') - (character == ')')
                if character == '{' and not brackets and '(' in _declaration(kept[begins:]):
                    head, _, _ = kept[begins:].partition('\n  : ')  # what a constructor sets
                    kept, skipped = kept[:begins] + head.rstrip() + ';', 1
                    begins = len(kept)
                    continue
            kept += character
            if not is_comment and character in '{};' and not brackets:
                begins = len(kept)
    return kept


def _declaration(source: str) -> str:
    """Return the last declaration without the comments above it."""
    return re.sub(r'//.*', '', source)
