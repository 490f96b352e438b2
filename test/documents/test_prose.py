"""Options and messages that the documents quote are those of the code."""

from __future__ import annotations

import ast
import re

import pytest
from document_rules import is_run
from documents import ROOT, blocks, commands, documents, is_command, prose_of
from logged_messages import unsaid_words

# Options of other programs that no command in the documents has.
FOREIGN = {'--no-dashboard': 'dask scheduler'}
# Messages of other programs.
NOT_OURS = ('Unable to Register SHM Transport',)
# Blocks of text that no program prints, by words of theirs, and what they are.
DRAWINGS = {
    'ros/          the node and the demo': 'folders; test/package/test_docs.py',
    'provider report:': 'test/ros/documents/test_graph_commands.py',
}
SOURCES = ('facemesh_ros', 'benchmarks', 'tools', 'test/golden')
PAGES = [page for page in documents() if '`--' in page.read_text(encoding='utf-8')]
# Cells of tables of `what you see`, as the log has them.
QUOTED = re.compile(r'(?<!`)`([^`]+)`(?!`)')


def name_of(page) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope='module')
def options() -> set[str]:
    """Every option that a parser of ours is given, and those of commands, which are tested."""
    files = [file for folder in SOURCES for file in (ROOT / folder).rglob('*.py')]
    strings = (
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding='utf-8')))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    own = {text for text in strings if re.fullmatch(r'--[a-z][\w-]*', text)}
    written = {word for command in commands() for part in command.parts for word in part.words}
    return own | {word.partition('=')[0] for word in written if word.startswith('--')}


@pytest.mark.parametrize('page', PAGES, ids=name_of)
def test_an_option_that_prose_names_exists(page, options):
    for span in QUOTED.findall(prose_of(page)):
        for option in re.findall(r'(?:^|(?<=\s))(--[a-z][\w-]*)', span):
            assert option in options or option in FOREIGN, (
                f'{name_of(page)}: nobody has an option {option}'
            )


def messages() -> list:
    """Return what tables of troubles quote: cells of three words and more that are no code."""
    found = []
    for page in documents():
        rows = (line for line in prose_of(page).splitlines() if line.startswith('| '))
        for row in rows:
            for span in QUOTED.findall(row.split(' | ')[0]):
                is_code = re.search(r'--|\w\(', span) or is_command(span)
                if len(span.split()) > 2 and not is_code and span not in NOT_OURS:
                    found.append(pytest.param(span, id=f'{name_of(page)}: {span[:40]}'))
    return found


@pytest.mark.parametrize('message', messages())
def test_a_quoted_message_is_one_of_the_code(message):
    unsaid = unsaid_words(message)
    assert not unsaid, f'no message of the code has {unsaid!r}'


@pytest.mark.parametrize(
    'block',
    [block for block in blocks() if block.language == 'text'],
    ids=lambda block: block.where,
)
def test_a_block_of_text_is_what_the_code_says_or_a_drawing(block):
    lines = tuple(block.text.splitlines())
    shown = [each for each in commands() if (each.path, each.output) == (block.path, lines)]
    if any(map(is_run, shown)) or any(start in block.text for start in DRAWINGS):
        return
    for line in lines:
        assert not unsaid_words(line), (
            f'{block.where}: no message of the code is {line!r}. What a command prints is shown '
            'after `$ command` in a ```console block; what is drawn is in DRAWINGS here'
        )


@pytest.mark.parametrize('start', DRAWINGS)
def test_every_drawing_is_there(start):
    assert any(start in block.text for block in blocks() if block.language == 'text')


def test_a_message_that_nobody_writes_is_found():
    assert unsaid_words('nobody has ever published /image_raw …')
    assert not unsaid_words('no node publishes /image_raw …')
