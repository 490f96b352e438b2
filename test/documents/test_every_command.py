"""Every command of the documents is tested, or there is a reason why it is not."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
from document_rules import CHECKED_BY, NOT_RUN
from documents import ROOT, SHELL, blocks, commands, documents, split_page
from shown_output import missing_line

# What is neither for the shell nor code; MyST's directives of Sphinx besides.
NO_CODE = ('text', 'indented', 'mermaid')
CODE = ('python', 'cpp', 'cmake', 'yaml', 'json', 'xml', 'toml', 'ini', 'diff', 'dockerfile')
_HOW = 'test/support/document_rules.py says how commands are tested'


def test_there_are_commands_in_all_kinds_of_documents():
    found = {command.path for command in commands()}
    wanted = {'README.md', 'docs/docker.md', 'facemesh run --help', 'tools/workspace/help.txt'}
    assert found >= wanted | {'launch/facemesh.launch.py', 'benchmarks/ros.py'}
    assert len(documents()) > 20


@pytest.mark.parametrize('command', commands(), ids=lambda command: command.where)
def test_somebody_says_how_a_command_is_tested(command):
    for part in command.parts:
        known = not part.words or part.program in CHECKED_BY
        assert known, (
            f'{command.where}: nobody says how {part.program!r} is tested; {_HOW}. '
            'If this is no command, mark its block ```text'
        )


@pytest.mark.parametrize('pattern', NOT_RUN)
def test_every_exception_is_needed(pattern):
    texts = [shlex.join(part.words) for command in commands() for part in command.parts]
    assert any(re.match(pattern, text) for text in texts), f'no command is like it; {_HOW}'


@pytest.mark.parametrize('block', blocks(), ids=lambda block: block.where)
def test_a_block_is_of_a_known_language(block):
    known = {*SHELL, *NO_CODE, *CODE}
    assert block.language in known or block.language.startswith('{'), (
        f'{block.where}: nobody says how a block of {block.language!r} is tested: '
        'test/documents/test_blocks.py'
    )


def test_the_shell_can_read_every_command():
    """Without running it; `<…>` stands for what the reader fills in."""
    whole = [command for command in commands() if not command.is_mention]
    for command in whole:
        text = re.sub(r'<[^<>]+>|\[-[^]]*\]', 'X', command.text)
        done = subprocess.run(['bash', '-n'], input=text, text=True, capture_output=True)
        assert done.returncode == 0, f'{command.where}: {done.stderr}'


def test_what_the_documents_say_is_found():
    page = (
        'Say `facemesh doctor\nnow` or `x`:\n\n'
        '```console\n$ facemesh models list\nModel folder: x\n$ ls \\\n  -l\n```\n'
        '```\nfor a in b; do\n  ./run help   # all\ndone\n```\n\n    ./run bench\n'
    )
    found, prose = split_page(page)
    assert [(line, language) for line, language, _ in found] == [
        (5, 'console'),
        (11, ''),
        (16, 'indented'),
    ]
    assert 'facemesh doctor' in prose
    assert './run' not in prose


def test_programs_are_checked_by_files_that_exist():
    for files in CHECKED_BY.values():
        for file in filter(None, files.split(', ')):
            assert (ROOT / file).exists(), file


@pytest.mark.parametrize(
    ('shown', 'printed', 'missing'),
    [
        (['a.jpg: 1 face, 12.5 ms'], ['a.jpg: 2 face, 8.1 ms'], None),
        (['f00001 at 0.45 m', '…', 'bye'], ['x', 'f00012 at 1 m', 'y', 'bye'], None),
        (
            ['written: /tmp/x/faces.jsonl'],
            ['written: out/faces.jsonl'],
            'written: /tmp/x/faces.jsonl',
        ),
        (['written: /tmp/x/faces.jsonl'], ['written: /home/me/faces.jsonl'], None),
        (['one', 'two'], ['two', 'one'], 'two'),
        (['mesh: … in fp32'], ['mesh: 171 nodes in fp32'], None),
        (['1 face'], ['1 faces'], '1 face'),
    ],
)
def test_shown_output_is_compared_in_its_words_and_order(shown, printed, missing):
    assert missing_line(shown, printed) == missing
