"""The command lines, from their parsers."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from facemesh_ros.cli.main import command_parser
from facemesh_ros.ros.demo.arguments import demo_parser
from reference.markdown import block, code, page, table, text

_WIDTH = '90'


def facemesh_page() -> str:
    """Return the page of the command `facemesh`."""
    introduction = (
        'The command `facemesh` needs no ROS. It is on the PATH of `./run shell`, of a built '
        'workspace, and after `pip install .`. `facemesh COMMAND --help` says the same as here.'
    )
    return page('The command facemesh', introduction, *_sections(command_parser(), 2))


def run_page(help_text: Path) -> str:
    """Return the page of `./run`, of which the demo has a parser."""
    introduction = 'Python 3 is all that it needs: it sets up the rest.'
    text_of_help = block(help_text.read_text(encoding='utf-8'))
    parser = demo_parser()
    parser.prog = './run demo'
    return page(
        'The command ./run', introduction, text_of_help, *_sections(parser, 2, titled=True)
    )


def _sections(
    parser: argparse.ArgumentParser, level: int, *, titled: bool = False
) -> Iterator[str]:
    """Yield usage, arguments and commands of a parser, each command a section."""
    if titled:
        yield f'{"#" * level} {parser.prog}\n'
        level += 1
    if parser.description:
        yield text(parser.description) + '\n'
    with patch.dict(os.environ, COLUMNS=_WIDTH):
        usage = parser.format_usage().removeprefix('usage: ').replace('\n       ', '\n')
    yield block(usage)
    actions = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    arguments = [it for it in actions if not isinstance(it, argparse._SubParsersAction)]
    rows = [(_names(action), _meaning(parser, action)) for action in arguments]
    yield table(('argument', 'meaning'), rows)
    if parser.epilog:
        yield block(parser.epilog)
    for command in subcommands(parser).values():
        yield from _sections(command, level, titled=True)


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of a command's commands by name, empty if it has none."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def _names(action: argparse.Action) -> str:
    value = action.metavar or action.dest.upper()
    shown = value if isinstance(value, str) else ' '.join(value)
    if action.metavar is None and action.choices:
        shown = '{' + ','.join(str(choice) for choice in action.choices) + '}'
    if not action.option_strings:
        return code(shown)
    takes_value = action.nargs != 0
    return ', '.join(
        code(f'{name} {shown}' if takes_value else name) for name in action.option_strings
    )


def _meaning(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return text((action.help or '') % {**vars(action), 'prog': parser.prog})
