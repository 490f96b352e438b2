"""Lines of a shell, taken apart as far as tests of documents need: commands and their words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_OPERATORS = {'&&', '||', '|', ';', '&', '(', ')', ';;'}
_KEYWORDS = {'do', 'done', 'then', 'fi', 'else', 'if', 'while', 'until', '!', '{', '}'}
_REDIRECTIONS = {'>', '>>', '<', '>|', '2>', '&>'}
_ASSIGNMENT = re.compile(r'[A-Za-z_]\w*=')


@dataclass(frozen=True)
class SimpleCommand:
    """A program and its arguments, without redirections.

    Attributes:
        variables: NAME=VALUE before it.
        words: The program and its arguments, unquoted.
        written: File that its output is sent to, empty if none is.
    """

    variables: tuple[str, ...]
    words: tuple[str, ...]
    written: str = ''

    @property
    def program(self) -> str:
        return self.words[0] if self.words else ''


def without_comment(line: str) -> str:
    """Return a line without the comment at its end."""
    quote = ''
    for index, character in enumerate(line):
        if quote:
            quote = '' if character == quote else quote
        elif character in '\'"':
            quote = character
        elif character == '#' and (index == 0 or line[index - 1].isspace()):
            return line[:index].rstrip()
    return line.rstrip()


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the index of the first line and the text of each whole statement, with its comments.

    A backslash, an open quote and a loop go on in the next line.
    """
    pending: list[str] = []
    first = 0
    for index, line in enumerate(text.splitlines()):
        if not pending:
            first = index
        pending.append(line)
        whole = '\n'.join(pending)
        if _is_whole(whole):
            if without_comment(whole).strip():
                yield first, whole
            pending = []
    if pending:
        yield first, '\n'.join(pending)


def _is_whole(text: str) -> bool:
    if text.endswith('\\'):
        return False
    try:
        words = [word for line in text.splitlines() for word in without_comment(line).split()]
        shlex.split('\n'.join(map(without_comment, text.splitlines())))
    except ValueError:
        return False
    opened = sum(word in ('for', 'while', 'until') for word in words[:1])
    return opened <= words.count('done')


def simple_commands(text: str) -> Iterator[SimpleCommand]:
    """Yield every command of a statement, also of pipes, loops and substitutions."""
    text = re.sub(r'\\\n\s*', ' ', '\n'.join(map(without_comment, text.splitlines())))
    for inner in re.findall(r'\$\(([^()]*)\)', text):
        yield from simple_commands(inner)
    text = re.sub(r'\$\([^()]*\)', '$SUBSTITUTED', text.replace('\n', ' ; '))
    lexer = shlex.shlex(text, posix=True, punctuation_chars='();<>|&')
    lexer.whitespace_split, lexer.commenters = True, ''
    part: list[str] = []
    for word in [*lexer, ';']:
        if word in _OPERATORS:
            command = _simple_command(part)
            if command.words or command.variables:
                yield command
            part = []
        else:
            part.append(word)


def _simple_command(words: Sequence[str]) -> SimpleCommand:
    rest = list(words)
    while rest and rest[0] in _KEYWORDS:
        del rest[0]
    if rest and rest[0] == 'for':
        return SimpleCommand((), ())
    variables = []
    while rest and _ASSIGNMENT.match(rest[0]):
        variables.append(rest.pop(0))
    written, kept = '', []
    while rest:
        word = rest.pop(0)
        if word in _REDIRECTIONS and rest:
            target = rest.pop(0)
            written = target if word.startswith('>') else written
        else:
            kept.append(word)
    if kept[:3] in (['python', '-m', 'pip'], ['python3', '-m', 'pip']):
        kept[:3] = ['pip']
    return SimpleCommand(tuple(variables), tuple(kept), written)
