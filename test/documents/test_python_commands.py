"""`python FILE …` in the documents: the file exists and has these options."""

from __future__ import annotations

import ast

import pytest
from documents import ROOT, Command, commands, saved_files

CASES = {
    part.words: command
    for command in reversed(commands())
    for part in command.parts
    if part.program in ('python', 'python3')
}
# Run by themselves elsewhere, with ROS: test/ros/documents.
ROS_ARGUMENTS = '--ros-args'


@pytest.mark.parametrize(
    ('words', 'command'),
    [pytest.param(words, command, id=command.where) for words, command in CASES.items()],
)
def test_the_script_exists_and_has_the_options(words: tuple[str, ...], command: Command):
    arguments = words[1:]
    if arguments[0] == '-m':
        assert arguments[1] in ('venv', 'http.server') or arguments[1].startswith('facemesh_ros')
        return
    if arguments[0].startswith('-'):
        compile(arguments[-1], command.where, 'exec')
        return
    if (command.path, arguments[0]) in saved_files():
        return
    script = ROOT / arguments[0]
    assert script.exists(), f'{command.where}: no {arguments[0]}'
    known = options_of(script)
    own = arguments[: arguments.index(ROS_ARGUMENTS)] if ROS_ARGUMENTS in arguments else arguments
    for option in own[1:]:
        if option.startswith('-'):
            assert option.partition('=')[0] in known, f'{command.where}: {script.name} {option}'


def options_of(script) -> set[str]:
    """Return the options that a script, and the parser of benchmarks, declare by name."""
    files = [script]
    if script.parent.name == 'benchmarks':
        files += [ROOT / 'benchmarks' / 'common' / 'command.py']
        files += (ROOT / 'benchmarks' / f'{script.stem}_measurements').glob('*.py')
    constants = {
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding='utf-8')))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {constant for constant in constants if constant.startswith('-')}
