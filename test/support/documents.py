"""What the documents say: blocks of code, and commands with the place where they stand.

A block without a language is for the shell, as are bash, sh and console; in console blocks lines
that begin with `$ ` are commands, and the others are what these print. What is neither a command
nor code is marked text. In prose, tables and docstrings a command is a code span, or an indented
line, that begins with the name of a program and has arguments.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from shell_words import SimpleCommand, logical_lines, simple_commands, without_comment

ROOT = Path(__file__).parents[2]
# Those whose commands are written for somebody who reads the code beside them.
SCRIPTS = ('launch/*.py', 'examples/*.py', 'tools/*.py', 'benchmarks/*.py')
HELP = 'tools/workspace/help.txt'
PAGES = ('*.md', 'docs/*.md', 'docker/*.md', 'examples/*.md', 'test/**/*.md', 'tools/**/*.md')
SHELL = ('', 'bash', 'sh', 'shell', 'console')
PROMPT = '$ '
# What a code span, or an indented line, begins with if it is a command.
_PROGRAMS = (
    r'\./run|\.ci/run|facemesh|ros2|rviz2|rosdep|colcon|rosdoc2|docker|pip3?|python3?|sudo|apt|apt-get'
    r'|git|fastdds|cmake|curl|wget|source|export|cd|cp|rerun|sphinx-build|dask|ray|foxglove'
    r'|v4l2-ctl|nvidia-smi|systemctl|podman|scp|rsync|ssh|chmod|mkdir|tar'
)
_COMMAND = re.compile(rf'(?:\w+=\S* )*(?:{_PROGRAMS}) \S')
_IMAGE = re.compile(r'facemesh_ros:[\w.-]+')
_FENCE = re.compile(r'( *)(```+|~~~+)(.*)')


@dataclass(frozen=True)
class Block:
    """A block of code of a document; `line` is that of its first line of content."""

    path: str
    line: int
    language: str
    text: str

    @property
    def where(self) -> str:
        return f'{self.path}:{self.line}'


@dataclass(frozen=True)
class Command:
    """A statement for the shell.

    Attributes:
        path: Document, relative to the root.
        line: Line of it.
        text: The statement without comments.
        is_mention: In prose, where it may lack arguments that are said around it.
        output: What it is said to print, line by line: the lines below it in a console block, or
            a block of text in the same section after a block of which it is the last.
    """

    path: str
    line: int
    text: str
    is_mention: bool
    output: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return f'{self.path}:{self.line}'

    @property
    def parts(self) -> list[SimpleCommand]:
        """The commands that it consists of, also those of pipes, loops, substitutions and others.

        Of `[--quick]` the option is taken.
        """
        return list(_with_inner(simple_commands(re.sub(r'\[(-[^]]*)\]', r'\1', self.text))))


def _with_inner(outer: Iterable[SimpleCommand]) -> Iterator[SimpleCommand]:
    """Yield commands, each followed by the one that it starts."""
    for command in outer:
        yield command
        words = command.words
        if words[:3] == ('./run', 'shell', '-c') and len(words) > 3:
            yield from _with_inner(simple_commands(words[3]))
        elif words[:1] == ('sudo',):
            yield from _with_inner([replace(command, words=words[1:])])
        elif words[:2] == ('docker', 'run') or words[:3] == ('docker', 'compose', 'run'):
            images = [index for index, word in enumerate(words) if _IMAGE.fullmatch(word)]
            if images and words[images[0] + 1 :]:
                yield from _with_inner([replace(command, words=words[images[0] + 1 :])])


@cache
def documents() -> tuple[Path, ...]:
    """Return every page for people."""
    found = {path for pattern in PAGES for path in ROOT.glob(pattern)}
    return tuple(sorted(path for path in found if not set(path.parts) & {'.venv', 'build'}))


@cache
def blocks() -> tuple[Block, ...]:
    """Return the fenced blocks of all pages, and indented lines as of the language `indented`."""
    return tuple(block for path in documents() for block in _blocks_of(path))


def _blocks_of(path: Path) -> Iterator[Block]:
    name = path.relative_to(ROOT).as_posix()
    for line, language, text in split_page(path.read_text(encoding='utf-8'))[0]:
        yield Block(name, line, language, text)


def prose_of(path: Path) -> str:
    """Return a page without its blocks of code."""
    return split_page(path.read_text(encoding='utf-8'))[1]


def is_command(span: str) -> bool:
    """Return whether a code span is a command."""
    return bool(_COMMAND.match(span))


def split_page(text: str) -> tuple[list[tuple[int, str, str]], str]:
    """Return a page's blocks (line, language, content), and its prose with these blanked."""
    found, prose = [], []
    fence: re.Match[str] | None = None
    content: list[str] = []
    is_indented = was_blank = False
    for number, line in enumerate(text.splitlines(), 1):
        match = _FENCE.fullmatch(line)
        if fence is None and match and match[3].strip() not in _DIRECTIVES_OF_PROSE:
            fence, content = match, []
        elif fence and match and match[2].startswith(fence[2]) and not match[3].strip():
            found.append((number - len(content), _language(fence[3]), '\n'.join(content)))
            fence = None
        elif fence:
            content.append(line.removeprefix(fence[1]))
        else:
            starts = line.startswith('    ') and was_blank and not line[4:].startswith(' ')
            is_indented = starts or (is_indented and line.startswith('    '))
            if is_indented:
                found.append((number, 'indented', line[4:]))
            else:
                prose.append((number, line))
        was_blank = not line.strip()
    lines = [''] * len(text.splitlines())
    for number, line in prose:
        lines[number - 1] = line
    return found, '\n'.join(lines)


# MyST: what they hold is prose again.
_DIRECTIVES_OF_PROSE = ('{note}', '{tip}', '{warning}', '{important}')


def _language(opening: str) -> str:
    words = opening.strip().split()
    if words and words[0] in ('{code-block}', '{code}'):
        return words[1] if len(words) > 1 else ''
    return words[0].lower() if words else ''


@cache
def commands() -> tuple[Command, ...]:
    """Return every command of the documents, each place where it stands."""
    found: list[Command] = []
    for block in blocks():
        if block.language in SHELL:
            found += _commands_of_block(block)
            if shown := _shown_after(block):
                found[-1] = replace(found[-1], output=tuple(shown.text.splitlines()))
        elif block.language == 'indented' and _COMMAND.match(block.text):
            text = without_comment(block.text)
            found.append(Command(block.path, block.line, text, is_mention=False))
    for path in documents():
        found += _mentions(path, prose_of(path), '`')
    changes = (ROOT / 'CHANGELOG.rst').read_text(encoding='utf-8')
    newest = re.match(r'.*?^Forthcoming\n-+\n.*?(?=^\S+ .*\n-+\n|\Z)', changes, re.S | re.M)
    found += _mentions(ROOT / 'CHANGELOG.rst', newest[0] if newest else changes, '``')
    for pattern in SCRIPTS:
        for path in sorted(ROOT.glob(pattern)):
            said = ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))) or ''
            found += _commands_of_text(path.relative_to(ROOT).as_posix(), said)
    for name, text in help_pages().items():
        found += _commands_of_text(name, text, is_help=True)
    return tuple(found)


def _shown_after(block: Block) -> Block | None:
    of_page = [other for other in blocks() if other.path == block.path]
    after = of_page[of_page.index(block) + 1 :]
    if block.language == 'console' or not after or after[0].language != 'text':
        return None
    lines = (ROOT / block.path).read_text(encoding='utf-8').splitlines()
    between = lines[block.line + block.text.count('\n') : after[0].line - 1]
    return None if any(line.startswith('#') for line in between) else after[0]


@cache
def saved_files() -> dict[tuple[str, str], Block]:
    """Return the programs that a page tells to save, by page and file name.

    The paragraph before the block names the file in italics: `Save this as *blinks.py*`.
    """
    found = {}
    for block in blocks():
        lines = (ROOT / block.path).read_text(encoding='utf-8').splitlines()
        before = '\n'.join(lines[: block.line - 2]).rstrip().rpartition('\n\n')[2]
        for name in re.findall(r'\*(\w+\.(?:py|yaml|cpp))\*', before):
            found[block.path, name] = block
    return found


def saved_program(command: Command) -> Block | None:
    """Return the program that a command starts, if its page has told to save it."""
    words = command.parts[0].words
    if words[:1] not in (('python',), ('python3',)) or len(words) < 2:
        return None
    return saved_files().get((command.path, words[1]))


def _commands_of_block(block: Block) -> Iterator[Command]:
    if block.language == 'console':
        yield from _commands_of_console(block)
        return
    for index, text in logical_lines(block.text):
        said = '\n'.join(without_comment(line) for line in text.splitlines())
        yield Command(block.path, block.line + index, said.strip(), is_mention=False)


def _commands_of_console(block: Block) -> Iterator[Command]:
    lines = block.text.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith(PROMPT)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        last = start
        while lines[last].endswith('\\'):
            last += 1
        text = '\n'.join(lines[start : last + 1]).removeprefix(PROMPT)
        said = tuple(line for line in lines[last + 1 : end] if line.strip())
        yield Command(block.path, block.line + start, without_comment(text), False, said)


def _mentions(path: Path, prose: str, mark: str) -> Iterator[Command]:
    for match in re.finditer(rf'(?<!`){mark}([^`]+){mark}(?!`)', prose):
        text = ' '.join(match[1].split())
        if _COMMAND.match(text):
            line = prose.count('\n', 0, match.start()) + 1
            yield Command(path.relative_to(ROOT).as_posix(), line, text, is_mention=True)


def _commands_of_text(name: str, text: str, *, is_help: bool = False) -> Iterator[Command]:
    """Yield the lines of a docstring or a help page that are commands, or end with one.

    Those of help are indented, and what they do may follow after some blanks.
    """
    joined = re.sub(r'\\\n\s*', lambda match: ' ' + '\0' * match[0].count('\n'), text)
    begin = r'^\s+|:  +' if is_help else r'^\s*|:  +'
    line = 1
    for said in joined.splitlines():
        match = re.search(rf'(?:{begin})({_COMMAND.pattern}.*)', without_comment(said))
        found = re.split(r'\s{3,}', match[1])[0] if match and is_help else match and match[1]
        if found and not found.endswith(('.', ',')):
            yield Command(name, line, found.replace('\0', ''), is_mention=False)
        line += 1 + said.count('\0')


@cache
def help_pages() -> dict[str, str]:
    """Return the help of `./run`, and the text below the options of each `facemesh` command."""
    pages = {HELP: (ROOT / HELP).read_text(encoding='utf-8')}
    from facemesh_ros.cli.main import command_parser

    waiting = [command_parser()]
    while waiting:
        parser = waiting.pop()
        pages[f'{parser.prog} --help'] = parser.epilog or ''
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += action.choices.values()
    return pages
