"""What `facemesh run` says when something is wrong, and that the rest goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from facemesh_ros.cli.main import main


def lines() -> list[dict]:
    return [json.loads(line) for line in Path('out.jsonl').read_text().splitlines()]


def complaint_of(capsys, *arguments: str) -> str:
    """The one line that a refusal prints."""
    assert main(['run', *arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ''
    assert printed.err.startswith('facemesh: ')
    assert printed.err.count('\n') == 1
    return printed.err


@pytest.mark.parametrize('name', ['cut.png', 'words.mp4', 'empty.jpg'])
def test_a_bad_file_among_good_ones_is_named_and_the_others_are_done(workplace, capsys, name):
    good = Path('face.png').read_bytes()
    Path('z.png').write_bytes(good)
    Path(name).write_bytes({'cut.png': good[:1000], 'words.mp4': b'words'}.get(name, b''))
    assert main(['run', 'face.png', name, 'z.png', '--jsonl', 'out.jsonl']) == 1
    assert [line['source'] for line in lines()] == ['face.png', 'z.png']
    error = capsys.readouterr().err
    assert name in error
    assert 'not a readable' in error
    assert 'z.png' not in error


@pytest.mark.parametrize('name', ['broken[bold].png', f'{"long_name_" * 12}.png', '[red]x.jpg'])
def test_the_name_of_a_bad_file_is_printed_as_it_is(workplace, capsys, name):
    Path(name).write_bytes(b'no picture')
    assert main(['run', name, '--jsonl', 'out.jsonl']) == 1
    assert f'facemesh: {name} is not a readable picture' in capsys.readouterr().err


def test_a_folder_with_brackets_in_its_name_is_no_markup(workplace, capsys):
    Path('a[').mkdir()
    Path('a[/b].png').write_bytes(b'no picture')
    Path('a[/c].png').write_bytes(Path('face.png').read_bytes())
    assert main(['run', 'a[', '--jsonl', 'out.jsonl']) == 1
    assert 'a[/b].png' in capsys.readouterr().err
    assert [line['source'] for line in lines()] == ['a[/c].png']


def test_a_path_that_does_not_exist_is_named(workplace, capsys):
    assert 'nowhere.png does not exist' in complaint_of(capsys, 'face.png', 'nowhere.png')


def test_an_unknown_model_is_refused_with_the_known_ones(workplace, capsys):
    error = complaint_of(capsys, 'face.png', '--model', 'v3')
    assert "must be one of auto, mesh, attention, v2; got 'v3'" in error


@pytest.mark.parametrize(('number', 'bound'), [('0', 'at least 1'), ('65', 'at most 64')])
def test_a_number_of_faces_outside_its_range_is_refused(workplace, capsys, number, bound):
    error = complaint_of(capsys, 'face.png', '--max-faces', number)
    assert f'max_faces must be {bound}; got {number}' in error


def test_without_models_it_says_how_to_get_them(workplace, capsys, monkeypatch):
    monkeypatch.setenv('FACEMESH_MODEL_DIR', str(workplace / 'no_models'))
    error = complaint_of(capsys, 'face.png', '--jsonl', 'out.jsonl')
    assert 'no_models' in error
    assert '`facemesh models fetch`' in error
    # Nothing was begun: an older result would still be there.
    assert not Path('out.jsonl').exists()


def test_outputs_that_cannot_be_written_are_named(workplace, capsys):
    error = complaint_of(capsys, 'face.png', '--jsonl', 'nowhere/out.jsonl')
    assert 'nowhere/out.jsonl cannot be written: No such file or directory' in error
    error = complaint_of(capsys, 'face.png', '--video', 'face.png/out')
    assert 'face.png/out cannot be made' in error


def test_a_number_that_is_none_is_a_wrong_command_line(workplace, capsys):
    with pytest.raises(SystemExit) as left:
        main(['run', 'face.png', '--max-faces', 'many'])
    assert left.value.code == 2
    assert '--max-faces' in capsys.readouterr().err


def test_no_command_names_the_commands(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert 'COMMAND' in capsys.readouterr().err
