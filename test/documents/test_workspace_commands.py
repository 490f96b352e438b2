"""Every `./run …` of the documents names a command, and options, paths and parts that exist."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest
from document_rules import reason_not_to_run
from documents import HELP, ROOT, Command, commands
from shell_words import SimpleCommand

PLACEHOLDERS = ('NAME', '[ARGUMENTS]')
# Run below, or in test/ros/documents.
RUN = ('demo', 'help', 'bench', 'shell')
sys.path += [str(ROOT / 'benchmarks'), str(ROOT / 'tools')]

from workspace.commands import _COMMANDS, _split_distro  # noqa: E402
from workspace.layout import WHEEL_DISTROS  # noqa: E402


def cases(*names: str) -> list:
    """Return the uses of some commands, the same one once, with the place of the first."""
    found: dict[tuple[str, ...], Command] = {}
    for command in commands():
        for part in command.parts:
            if part.program == './run' and (not names or part.words[1] in names):
                found.setdefault(part.words, command)
    return [pytest.param(words, id=command.where) for words, command in found.items()]


@pytest.mark.parametrize('words', cases())
def test_it_is_a_command_of_run(words):
    name = words[1]
    assert name in (*_COMMANDS, 'help')
    wanted, rest = _split_distro(words[2:])
    assert wanted in (None, *WHEEL_DISTROS)
    assert not (name in ('check', 'setup', 'help') and rest)
    assert name in RUN or reason_not_to_run(SimpleCommand((), words))


@pytest.mark.parametrize('words', cases('test'))
def test_what_it_is_told_to_test_exists(words, request):
    """The options are pytest's own."""
    parse = request.config._parser.parse_known_and_unknown_args
    known, unknown = parse(list(words[2:]))
    assert not unknown
    for path in known.file_or_dir:
        assert (ROOT / path.partition('::')[0]).exists(), path


class ParsedError(Exception):
    """Raised where a benchmark would begin to measure."""


@pytest.mark.parametrize('words', cases('bench'))
def test_a_benchmark_has_these_options(words, monkeypatch, capsys, tmp_path):
    if not words[2:] or words[2] in PLACEHOLDERS:
        return
    name, *arguments = words[2].removeprefix('--'), *words[3:]
    (tmp_path / 'OLD.json').write_text('{"tables": []}')
    monkeypatch.chdir(tmp_path)
    parse_only(monkeypatch)
    script = ROOT / 'benchmarks' / f'{name}.py'
    monkeypatch.setattr(sys, 'argv', [str(script), *arguments])
    with pytest.raises((ParsedError, SystemExit)) as ended:
        runpy.run_path(str(script), run_name='__main__')
    assert ended.type is ParsedError, capsys.readouterr().err


@pytest.mark.parametrize('words', cases('soak'))
def test_a_soak_has_these_options(words, monkeypatch, capsys):
    parse = ArgumentParser.parse_args

    def parse_only(*given):
        parse(*given)
        raise ParsedError

    monkeypatch.setattr(ArgumentParser, 'parse_args', parse_only)
    script = ROOT / 'benchmarks' / 'soak.py'
    monkeypatch.setattr(sys, 'argv', [str(script), *words[2:]])
    with pytest.raises((ParsedError, SystemExit)) as ended:
        runpy.run_path(str(script), run_name='__main__')
    assert ended.type is ParsedError, capsys.readouterr().err


def parse_only(monkeypatch) -> None:
    """Let benchmarks end once their command line is read to its end."""
    from common import command

    made = command.benchmark_parser

    def parser(*arguments, **options):
        built = made(*arguments, **options)
        parse = built.parse_args

        def parse_args(*given):
            parse(*given)
            raise ParsedError

        built.parse_args = parse_args
        return built

    monkeypatch.setattr(command, 'benchmark_parser', parser)


def test_a_benchmark_without_a_name_lists_them():
    said = subprocess.run(
        [sys.executable, ROOT / 'run', 'bench'], capture_output=True, text=True, check=True
    ).stdout
    assert set(said.split()) >= {path.stem for path in (ROOT / 'benchmarks').glob('*.py')}


@pytest.mark.parametrize('argument', [('help',), ('--help',), ()])
def test_help_shows_every_command(argument):
    said = subprocess.run(
        [sys.executable, ROOT / 'run', *argument], capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r'^  (\w+) ', said, re.M)) >= set(_COMMANDS)


def test_help_and_readme_name_no_other_command():
    text = (ROOT / HELP).read_text(encoding='utf-8') + (ROOT / 'README.md').read_text()
    named = set(re.findall(r'\./run ([a-z]+)\b', text))
    assert named <= {*_COMMANDS, 'help'}


def shell_commands() -> list[SimpleCommand]:
    return [
        part for command in commands() for part in command.parts if part.words[:1] == ('./run',)
    ]


@pytest.mark.skipif('CI_SHELL' in os.environ, reason='in ./run shell itself')
def test_the_shell_runs_what_it_is_given(tmp_path):
    """As every `./run shell -c '…'` of the documents: what is inside is tested by itself."""
    assert any(part.words[1:3] == ('shell', '-c') for part in shell_commands())
    if not (Path(sys.prefix) / 'stamps').exists():
        pytest.skip('needs the environment that ./run makes')
    said = subprocess.run(
        [ROOT / 'run', 'shell', '-c', 'python -c "import facemesh_ros, sys; print(sys.prefix)"'],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert said.returncode == 0, said.stderr
    assert Path(said.stdout.strip()).is_relative_to(ROOT)
