"""Every `facemesh` command of the documents is run on files named as there, or at least parsed.

So are programs that a page tells to save, after the commands before them.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from document_rules import is_run
from documents import Block, Command, commands, saved_program
from shell_words import SimpleCommand
from shown_output import missing_line

from facemesh_ros.cli.main import command_parser, main

# Options that are followed by what a command writes.
OUTPUTS = ('--jsonl', '--video', '--bag', '--output', '-o', '--save', '--html', '--json')
# Words that stand for what the reader has.
PLACEHOLDERS = {
    'FILE': 'clip.mp4',
    'VIDEO': 'clip.mp4',
    'BAG': 'robot_bag/',
    'RECORDING': 'robot_bag/',
    'FOLDER': 'holiday/',
}
PATIENCE_S = 120.0
PIPELINE = re.compile(r'\||>|\$')


def parts_of(command: Command) -> list[SimpleCommand]:
    return [part for part in command.parts if part.program == 'facemesh']


def program_of(command: Command) -> Block | None:
    """Return the program that the page has told to save, if it needs no ROS."""
    saved = saved_program(command)
    return saved if saved and 'rclpy' not in saved.text else None


OURS = [command for command in commands() if parts_of(command)]


def outputs_of(part: SimpleCommand) -> list[tuple[str, str]]:
    pairs = zip(part.words, [*part.words[1:], ''], strict=True)
    split = (word.split('=', 1) for word in part.words if word.startswith('--') and '=' in word)
    return [pair for pair in [*pairs, *map(tuple, split)] if pair[0] in OUTPUTS and pair[1]]


def is_read_later(command: Command) -> bool:
    """Whether a command or a program after this one on its page names what it writes."""
    written = [name for part in parts_of(command) for _, name in outputs_of(part) if name != '-']
    later = [
        program.text if (program := saved_program(other)) else other.text
        for other in commands()
        if other.path == command.path and other.line > command.line and is_run(other)
    ]
    return any(name in text for name in written for text in later)


# The same command is run once, where it stands first, and where what it writes is read.
FIRST = {command.text: command for command in reversed(OURS) if is_run(command)}
READ = [command for command in OURS if is_run(command) and is_read_later(command)]
PROGRAMS = [command for command in commands() if program_of(command)]
RUN = sorted({*FIRST.values(), *READ, *PROGRAMS}, key=lambda command: (command.path, command.line))


@pytest.mark.parametrize('command', OURS, ids=lambda command: command.where)
def test_a_command_has_valid_options(command):
    for part in parts_of(command):
        words = [word for word in part.words[1:] if word not in ('…', '...')]
        assert_parsed(words, command.is_mention)


def assert_parsed(words: list[str], is_mention: bool) -> None:
    """A mention may lack what the sentence around it says: paths, a value, the action."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            command_parser().parse_args(words)
        except SystemExit as ended:
            if ended.code == 0:  # --version
                return
        else:
            return
    error = said.getvalue().splitlines()[-1]
    if is_mention and re.search(r'required: (ACTION|COMMAND)', error):
        return
    if is_mention and (ending := re.search(r'has to end in (\.\w+)', error)):
        assert_parsed([*words[:-1], f'{words[-1]}{ending[1]}'], is_mention)
        return
    is_short = re.search(r'are required: |expected one argument', error)
    assert is_mention, error
    assert is_short, error
    assert_parsed([*words, 'X'], is_mention)


@pytest.mark.parametrize('command', RUN, ids=lambda command: command.where)
def test_a_command_does_what_the_document_says(
    command, files_for, shell_environment, model_store, require_package, monkeypatch, capfd
):
    files = files_for(command.path)
    text = command.text
    for word, name in PLACEHOLDERS.items():
        text = re.sub(rf'\b{word}\b', name, text)
    part = Command(command.path, command.line, text, False).parts[0]
    if part.words[:2] == ('facemesh', 'view'):
        require_package('rerun')
    if saved := program_of(command):
        (files.folder / part.words[1]).write_text(saved.text)
    for name in inputs_of(part):
        files.provide(name)
    monkeypatch.chdir(files.folder)
    if PIPELINE.search(text) or saved:
        done = subprocess.run(
            ['bash', '-c', text],
            env=shell_environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        status, said, noted = done.returncode, done.stdout, done.stderr
    else:
        with ending_after(PATIENCE_S, command.where):
            status = main(shlex.split(text)[1:])
        said, noted = capfd.readouterr()
    assert status == 0, noted
    for option, name in outputs_of(part):
        assert_written(option, files.folder / name, said)
    printed = [*said.splitlines(), *noted.splitlines()]
    missing = missing_line(command.output, printed)
    assert missing is None, f'{command.where} shows {missing!r}, but it prints {printed}'


@contextlib.contextmanager
def ending_after(seconds: float, where: str) -> Iterator[None]:
    """Fail in the middle of a command that waits for something."""

    def end(*_: object) -> None:
        raise TimeoutError(
            f'{where} did not end in {seconds:g} s; if it waits for somebody, say so in '
            'test/support/document_rules.py'
        )

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def inputs_of(part: SimpleCommand) -> list[str]:
    """Return the words that look like files and are not written by the command."""
    written = {name for _, name in outputs_of(part)}
    names = [word for word in part.words[2:] if re.fullmatch(r'[\w./-]*(?:\w\.\w+|\w/)', word)]
    return [name for name in names if name not in written and name[:1] not in '/-']


def assert_written(option: str, path: Path, said: str) -> None:
    if path.name == '-':
        lines = said.splitlines()
        assert lines
        assert all('faces' in json.loads(line) for line in lines)
    elif path.is_dir():
        assert any(file.stat().st_size for file in path.iterdir()), path
    else:
        assert path.stat().st_size, path
    if option == '--jsonl' and path.is_file():
        lines = path.read_text(encoding='utf-8').splitlines()
        assert any(json.loads(line)['faces'] for line in lines), f'no face in {path}'


def test_python_of_the_command_is_this_one(shell_environment):
    done = subprocess.run(
        ['bash', '-c', 'facemesh --version; python -c "import sys; print(sys.executable)"'],
        env=shell_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.splitlines()[1]).samefile(sys.executable)
