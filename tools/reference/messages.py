"""The messages, from msg/*.msg with their comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from reference.markdown import code, page, table, text

_ORDER = ('FaceMeshArray', 'FaceMesh', 'FaceMeshInfo')
_DECLARATION = re.compile(r'([\w/\[\]<=]+)\s+(\w+)(?:\s*=\s*(\S+))?\s*(?:#\s*(.*))?$')
_INTRODUCTION = """\
What `facemesh_ros/msg` holds. Units are in the text: px, m, rad, s; what is not known is NaN
or empty, never a number that could be taken for a measurement. [Nodes that read
faces](../consumers.md) has them as arrays and points by name."""


@dataclass
class Field:
    """A field or a constant of a message; `value` is empty for a field."""

    type: str
    name: str
    value: str
    meaning: str


@dataclass
class Message:
    """A message: what its head says, and its fields and constants in order."""

    name: str
    meaning: str
    fields: list[Field]


def read_message(path: Path) -> Message:
    """Return a .msg file.

    Comments above all fields tell of the message. A comment in a field's line is of that field,
    and goes on in indented lines that are nothing but comments. One at the start of a line, above
    fields, is of each of them until the next blank line.
    """
    head: list[str] = []
    fields: list[Field] = []
    above = ''
    for line in path.read_text(encoding='utf-8').splitlines():
        stripped = line.strip()
        if not stripped:
            above = ''
        elif stripped.startswith('#'):
            comment = stripped.lstrip('# ')
            if line.startswith('#') and not fields:
                head.append(comment)
            elif line.startswith('#'):
                above = f'{above} {comment}'.strip()
            else:
                fields[-1].meaning += f' {comment}'
        else:
            fields.append(_field(stripped, above, path))
    return Message(path.stem, ' '.join(head), fields)


def _field(line: str, above: str, path: Path) -> Field:
    found = _DECLARATION.match(line)
    if not found:
        raise ValueError(f'{path}: {line!r} is neither a field nor a constant')
    kind, name, value, meaning = (part or '' for part in found.groups())
    return Field(kind, name, value, '. '.join(filter(None, (meaning, above.rstrip('.')))))


def messages_page(folder: Path) -> str:
    """Return the page of all messages in a folder, the one that holds the others first."""
    names = {path.stem for path in folder.glob('*.msg')}
    ordered = [*_ORDER, *sorted(names - {*_ORDER})]
    messages = [read_message(folder / f'{name}.msg') for name in ordered]
    return page('Messages', _INTRODUCTION, *(_section(message) for message in messages))


def _section(message: Message) -> str:
    constants = [field for field in message.fields if field.value]
    fields = [field for field in message.fields if not field.value]
    parts = [f'## {message.name}\n', text(message.meaning) + '\n']
    if constants:
        rows = [(code(f'{it.name} = {it.value}'), text(it.meaning)) for it in constants]
        parts.append(table(('constant', 'meaning'), rows))
    rows = [(f'{code(it.name)}<br>{it.type}', text(it.meaning)) for it in fields]
    parts.append(table(('field, type', 'meaning'), rows))
    return '\n'.join(parts)
