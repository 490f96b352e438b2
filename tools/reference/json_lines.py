"""The lines of `facemesh run --jsonl`, as its help tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from facemesh_ros.cli.main import command_parser
from reference.command_line import subcommands
from reference.markdown import code, page, table, text

_INTRODUCTION = """\
`facemesh run PATH… --jsonl OUT` writes one JSON object for each picture, a line each. px are
rounded to a thousandth, m and rad to a millionth."""
# Two spaces before a field of the line, four before one of a face; the text goes on further in.
_FIELD = re.compile(r'( {2}| {4})(\w+(?:, \w+)*) {2,}(.*)')


def json_lines_page() -> str:
    """Return the page of the fields."""
    fields = described_fields()
    of_picture = {name: meaning for name, meaning in fields.items() if '.' not in name}
    of_face = {name.partition('.')[2]: it for name, it in fields.items() if '.' in name}
    return page(
        'JSON lines',
        _INTRODUCTION,
        '## A picture\n\n' + _table(of_picture),
        '## A face\n\n' + _table(of_face),
    )


def _table(fields: Mapping[str, str]) -> str:
    """Return a row for each meaning, which several fields may share."""
    names: dict[str, list[str]] = {}
    for name, meaning in fields.items():
        names.setdefault(meaning, []).append(code(name))
    rows = [(', '.join(of), text(meaning.rstrip(':'))) for meaning, of in names.items()]
    return table(('field', 'meaning'), rows)


def described_fields() -> dict[str, str]:
    """Return what the help says of each field; those of a face begin with `faces.`."""
    epilog = subcommands(command_parser())['run'].epilog or ''
    said = epilog.split('a line of --jsonl')[1].partition('\n\n')[0]
    fields: dict[str, str] = {}
    names: list[str] = []
    for line in said.splitlines()[1:]:
        found = _FIELD.fullmatch(line)
        if found:
            group = 'faces.' if len(found[1]) == 4 else ''
            names = [group + name for name in found[2].split(', ')]
            fields |= dict.fromkeys(names, found[3])
        else:
            fields |= {name: f'{fields[name]} {line.strip()}' for name in names}
    return fields
