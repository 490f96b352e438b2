"""What `facemesh run` says when something is wrong, and that the rest goes on."""

from __future__ import annotations

import json
import os
import re
import resource
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from facemesh_ros.cli.main import main
from facemesh_ros.settings.pipeline import SensorSettings

LINE_FIELDS = ('source', 'frame', 'stamp_ns', 'image_wh', 'ms', 'faces')
FACE_FIELDS = ('id', 'state', 'score', 'presence', 'box_xyxy', 'landmarks', 'pose')


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


def test_a_path_that_does_not_exist_is_named_and_the_others_are_done(workplace, capsys):
    assert 'nowhere.png does not exist' in complaint_of(capsys, 'nowhere.png')
    assert main(['run', 'nowhere.png', 'face.png', '--jsonl', 'out.jsonl']) == 1
    assert [line['source'] for line in lines()] == ['face.png']
    assert capsys.readouterr().err.startswith('facemesh: nowhere.png does not exist\n')


def test_what_a_folder_has_besides_pictures_is_counted_and_no_fault(workplace, capsys):
    Path('mac').mkdir()
    Path('face.png').rename('mac/face.png')
    Path('mac/album.jpg').mkdir()
    Path('mac/._face.png').write_bytes(b'\0\5\26\7\0\2\0\0Mac OS X        ')
    for name in ('a.HEIC', 'b.heic', 'notes.txt'):
        Path('mac', name).touch()
    assert main(['run', 'mac', '--jsonl', 'out.jsonl']) == 0
    assert [line['source'] for line in lines()] == ['mac/face.png']
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(
        'facemesh: 3 files of other kinds left out: .heic (2), .txt; HEIC is'
    )
    assert 'heif-convert' in told[0]
    assert not [line for line in told if '._' in line or 'album' in line]


def test_huge_pictures_are_named_and_the_others_are_done(workplace, capsys):
    Path('many').mkdir()
    Path('face.png').rename('many/a.png')
    cv2.imwrite('many/panorama.png', np.zeros((100, 40_000, 3), np.uint8))
    Path('many/z.png').write_bytes(Path('many/a.png').read_bytes())
    assert main(['run', 'many', '--jsonl', 'out.jsonl']) == 1
    assert [line['source'] for line in lines()] == ['many/a.png', 'many/z.png']
    (error,) = [one for one in capsys.readouterr().err.splitlines() if 'panorama' in one]
    assert 'each side must be 1 to 32766 px' in error


def test_a_pipe_is_named_and_not_waited_for(workplace, capsys):
    os.mkfifo('pipe.png')
    assert main(['run', 'pipe.png', 'face.png', '--jsonl', 'out.jsonl']) == 1
    assert 'pipe.png is a pipe, not a file' in capsys.readouterr().err
    assert [line['source'] for line in lines()] == ['face.png']


@pytest.mark.parametrize('name', [b'caf\xe9.png', b'caf\xe9.mp4', b'a%03d.mp4', b'two\nlines.png'])
def test_any_name_is_read_and_told_in_one_line_of_valid_json(workplace, clip, capsys, name):
    (clip if name.endswith(b'.mp4') else Path('face.png')).rename(os.fsdecode(name))
    Path(os.fsdecode(b'bad_' + name)).write_bytes(b'neither')
    path, bad = os.fsdecode(name), os.fsdecode(b'bad_' + name)
    assert main(['run', path, bad, '--jsonl', 'out.jsonl']) == 1
    assert {line['source'] for line in lines()} == {name.decode('utf-8', 'backslashreplace')}
    Path('out.jsonl').read_bytes().decode('ascii')
    errors = capsys.readouterr().err.splitlines()
    assert [error for error in errors if 'not a readable' in error] == errors[:1]
    assert main(['run', path]) == 0
    assert r'\x' in capsys.readouterr().out or b'\xe9' not in name


def test_of_a_video_that_is_cut_short_the_beginning_is_kept(workplace, clip, capsys):
    Path('cut.mp4').write_bytes(clip.read_bytes() + (1008).to_bytes(4, 'big') + b'free')
    assert main(['run', 'cut.mp4', 'face.png', '--jsonl', 'out.jsonl']) == 1
    assert [line['source'] for line in lines()] == ['cut.mp4'] * 4 + ['face.png']
    error = capsys.readouterr().err
    assert 'cut.mp4 is cut short, its last 1000 bytes are missing: 4 pictures' in error


def test_an_unknown_model_is_refused_with_the_known_ones(workplace, capsys):
    error = complaint_of(capsys, 'face.png', '--model', 'v3')
    assert "--model must be one of auto, v2, attention, mesh; got 'v3'" in error


@pytest.mark.parametrize('option', ['--detector', '--rotations'])
def test_an_error_names_the_option_that_was_typed(workplace, capsys, option):
    assert f'facemesh: {option} must be one of' in complaint_of(capsys, 'face.png', option, 'x')


@pytest.mark.parametrize(('number', 'bound'), [('0', 'at least 1'), ('65', 'at most 64')])
def test_a_number_of_faces_outside_its_range_is_refused(workplace, capsys, number, bound):
    error = complaint_of(capsys, 'face.png', '--max-faces', number)
    assert f'--max-faces must be {bound}; got {number}' in error


def test_without_models_it_says_how_to_get_them(workplace, capsys, monkeypatch):
    monkeypatch.setenv('FACEMESH_MODEL_DIR', str(workplace / 'no_models'))
    error = complaint_of(capsys, 'face.png', '--jsonl', 'out.jsonl')
    assert 'no_models' in error
    assert '`facemesh models fetch`' in error
    # Nothing was begun: an older result would still be there.
    assert not Path('out.jsonl').exists()


@pytest.mark.parametrize(
    ('options', 'why'),
    [
        ('--jsonl nowhere/x.jsonl', 'nowhere/x.jsonl cannot be written: No such file or direc'),
        ('--jsonl folder', 'folder cannot be written: Is a directory'),
        ('--jsonl face.png/x', 'face.png/x cannot be written: Not a directory'),
        ('--video nowhere/x.mp4', 'nowhere/x.mp4 cannot be written: No such file or directory'),
        ('--video face.png/out', 'face.png/out cannot be made: .*face.png is not a folder'),
        ('--video x.jpg', 'x.jpg cannot be written: --video takes .mp4, .*for a folder of pict'),
        ('--video x.gif', 'x.gif cannot be written: --video takes .mp4'),
        ('--jsonl face.png', 'face.png cannot take results: face.png is read from there'),
        ('--jsonl link', 'link cannot take results: face.png is read from there'),
        ('--video face.mp4', 'face.mp4 cannot take results: face.png is read from there'),
        ('--video .', r'\. cannot take results: face.png is read from there'),
        ('--jsonl x.mp4 --video ./x.mp4', 'x.mp4 cannot take both --jsonl and --video'),
    ],
)
def test_results_that_cannot_be_written_are_refused_before_the_work(
    workplace, capsys, monkeypatch, options, why
):
    monkeypatch.setattr('facemesh_ros.cli.run_command.load_sensor', None)  # is not reached
    Path('folder').mkdir()
    Path('link').hardlink_to('face.png')
    Path('face.mp4').symlink_to('face.png')
    before = Path('face.png').read_bytes()
    assert re.search(why, complaint_of(capsys, 'face.png', *options.split()))
    assert Path('face.png').read_bytes() == before
    assert sorted(os.listdir()) == ['face.mp4', 'face.png', 'folder', 'link']


@pytest.mark.parametrize('option', ['--jsonl', '--video'])
def test_an_output_that_is_given_twice_is_a_wrong_command_line(workplace, capsys, option):
    with pytest.raises(SystemExit) as left:
        main(['run', 'face.png', option, 'a', option, 'b'])
    assert left.value.code == 2
    assert f'argument {option}: given twice' in capsys.readouterr().err


def test_a_full_disk_is_a_sentence(workplace, capsys):
    error = complaint_of(capsys, 'face.png', '--jsonl', '/dev/full')
    assert '/dev/full cannot be written: No space left on device' in error


def test_a_video_and_pictures_that_are_not_whole_on_the_disk_are_told(workplace, capsys):
    """A file that may not grow is to a program what a full disk is."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, before[1]))
    try:
        error = complaint_of(capsys, 'face.png', '--video', 'out.mp4')
        assert 'out.mp4 is damaged: not all of its 1 pictures could be written' in error
        error = complaint_of(capsys, 'face.png', '--video', 'out')
        assert 'out/000000_face.png cannot be written: File too large' in error
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_number_that_is_none_is_a_wrong_command_line(workplace, capsys):
    with pytest.raises(SystemExit) as left:
        main(['run', 'face.png', '--max-faces', 'many'])
    assert left.value.code == 2
    assert '--max-faces' in capsys.readouterr().err


def test_no_command_names_the_commands(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert 'COMMAND' in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as left:
        main(['--version'])
    assert left.value.code == 0
    manifest = ElementTree.parse(Path(__file__).parents[2] / 'package.xml')
    assert capsys.readouterr().out == f'facemesh {manifest.getroot().findtext("version")}\n'


def test_help_says_values_and_defaults_and_explains_each_field(capsys):
    with pytest.raises(SystemExit):
        main(['run', '--help'])
    told = ' '.join(capsys.readouterr().out.split())
    defaults = SensorSettings()
    assert f'--max-faces N 1 to 64 (default: {defaults.max_faces})' in told
    assert '--model NAME auto, v2, attention, mesh (default: auto)' in told
    assert '--detector NAME auto, short_range, full_range (default: auto)' in told
    assert '--rotations NAME upright, all (default: upright)' in told
    assert 'a picture, a video, a rosbag2 recording' in told
    assert 'facemesh run clip.mp4 --jsonl faces.jsonl --video annotated.mp4' in told
    for field in (*LINE_FIELDS, *FACE_FIELDS):
        assert f' {field} ' in told
