"""`facemesh report`: which recordings it takes, what it writes where, and what it says."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from face_recordings import START_NS, FaceBag, faces_msg, info, placed_face
from recordings import bag_of

from facemesh_ros.cli.main import main
from facemesh_ros.io.recordings.message_store import message_store


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(*arguments: str, expected_status: int = 0) -> None:
    assert main(['report', *arguments]) == expected_status


def face_bag(count: int = 50, topics: tuple[str, ...] = ('/facemesh/landmarks',)) -> FaceBag:
    bag = FaceBag()
    for topic in topics:
        bag.add(topic.replace('landmarks', 'info'), info(), START_NS)
        for number in range(count):
            bag.add_faces(faces_msg(START_NS + number * 40_000_000, [placed_face()]), topic)
    bag.sent.sort(key=lambda one: one[2])
    return bag


def test_the_page_of_a_recording_is_named_after_it(folder, capsys):
    face_bag().write(folder / 'robot')
    report('robot')
    text = Path('robot_report.html').read_text(encoding='utf-8')
    assert 'The faces are those that were recorded on /facemesh/landmarks.' in text
    assert '50 images' in text
    assert 'wrote robot_report.html (' in capsys.readouterr().err
    report('robot/robot.mcap', '-o', 'other.html')
    assert Path('other.html').is_file()
    assert not list(folder.glob('*.partial'))


def test_the_page_goes_to_stdout_if_asked(folder, capsys):
    face_bag().write(folder / 'bag')
    report('bag', '-o', '-')
    said = capsys.readouterr()
    assert said.out.startswith('<!DOCTYPE html>')
    assert said.err == ''
    assert not list(folder.glob('*.html'))


def test_damaged_messages_are_counted_by_reason(folder, capsys):
    bag = face_bag(50)
    for place in range(10, 20):
        topic, kind, log_ns, cdr = bag.sent[place]
        bag.sent[place] = topic, kind, log_ns, cdr[: 200 + 3 * place]
    bag.write(folder / 'bag')
    report('bag', expected_status=1)
    text = Path('bag_report.html').read_text(encoding='utf-8')
    assert '40 images' in text.replace('\xa0', ' ')
    error = capsys.readouterr().err
    assert 'bag: 10 messages on /facemesh/landmarks: no readable' in error
    assert error.count('\n') == 2


def test_several_cameras_and_diagnostics_come_together(folder):
    bag = face_bag(topics=('/facemesh/front/landmarks', '/facemesh/rear/landmarks'))
    types = message_store()._store.types
    pair = types['diagnostic_msgs/msg/KeyValue']('detect (ms)', '4.25')
    status = types['diagnostic_msgs/msg/DiagnosticStatus'](
        0, 'facemesh rear: faces', '1 face(s)', '/rear/image_raw', [pair]
    )
    known = types['diagnostic_msgs/msg/DiagnosticArray'](faces_msg(START_NS).header, [status])
    bag.add('/diagnostics', known, START_NS)
    bag.write(folder / 'bag')
    report('bag')
    text = Path('bag_report.html').read_text(encoding='utf-8')
    front, rear = text.split('<section')[1:]
    assert ('>detect<' in front, '>detect<' in rear) == (False, True)
    assert '4.25' in rear


def test_what_is_left_of_a_broken_recording_has_a_page_that_says_so(folder, capsys):
    path = face_bag(300).write(folder / 'bag')
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    report('bag', expected_status=1)
    assert 'is cut short' in capsys.readouterr().err
    text = Path('bag_report.html').read_text(encoding='utf-8')
    assert 'is cut short' in text
    assert '/facemesh/landmarks' in text


def test_what_cannot_be_reported_is_told_in_a_line(folder, capsys):
    np.save('x.npy', np.zeros(3))
    Path('words.mcap').write_bytes(b'words')
    Path('words.jsonl').write_text('{"source": 1}\n')
    face_bag(2).write(folder / 'days' / 'one')
    face_bag(2).write(folder / 'days' / 'two')
    cases = [
        (['missing.mcap'], 'does not exist'),
        (['words.mcap'], 'is no MCAP file'),
        (['words.jsonl'], 'line 1 is none that `facemesh run --jsonl` wrote'),
        (['days'], 'a report is about one, name it'),
        (['days/one', '-o', 'nowhere/x.html'], 'cannot be written'),
        (['days/one', '-o', 'days/one/one.mcap'], 'could be written over'),
    ]
    for arguments, reason in cases:
        report(*arguments, expected_status=1)
        error = capsys.readouterr().err
        assert reason in error
        assert error.count('\n') == 1
    assert not list(folder.glob('*.html*'))


def test_missing_packages_are_named(folder, capsys, monkeypatch):
    face_bag(2).write(folder / 'bag')
    imported = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split('.')[0] in ('mcap', 'rosbags'):
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
        return imported(name, *arguments, **options)

    from facemesh_ros.io.recordings import storage

    def required(module: str) -> Any:
        raise storage.MediaError(f'not installed: {storage.INSTALL}')

    monkeypatch.setattr('facemesh_ros.io.recordings.mcap_storage.required', required)
    monkeypatch.setattr(builtins, '__import__', without)
    report('bag', expected_status=1)
    assert 'pip install mcap rosbags' in capsys.readouterr().err


@pytest.fixture
def models(workplace, require_models) -> Path:
    require_models('mesh')
    return workplace


def test_faces_are_found_first_where_there_are_none(models, head):
    bag_of([np.roll(head, 4 * number, axis=1) for number in range(6)]).write(Path('bag'))
    report('bag', '--model', 'mesh')
    text = Path('bag_report.html').read_text(encoding='utf-8')
    assert 'The faces were found for this report' in text
    assert 'Head angles' in text  # by the camera_info in the recording
    # What `facemesh run` writes of them is then read, and not found again.
    assert main(['run', 'bag', '--bag', 'found.mcap', '--model', 'mesh']) == 0
    report('found.mcap')
    found = Path('found_report.html').read_text(encoding='utf-8')
    assert 'recorded on /facemesh/landmarks' in found
    assert numbers_in(found) == numbers_in(text)
    report('found.mcap', '--again', '--model', 'mesh', '-o', 'again.html')
    assert 'found for this report' in Path('again.html').read_text(encoding='utf-8')


def numbers_in(text: str) -> list[str]:
    """The rows of the tables of faces, and the curves: what was measured of them."""
    tables = [part.split('</table>')[0] for part in text.split('<table>')[1:]]
    curves = [part.split('"')[0] for part in text.split('d="M')[1:]]
    return [*tables, *curves]


def test_a_video_and_its_lines_of_json_agree_on_what_both_know(models, clip):
    report('clip.mp4', '--model', 'mesh')
    assert main(['run', 'clip.mp4', '--jsonl', 'lines.jsonl', '--model', 'mesh']) == 0
    report('lines.jsonl')
    video, lines = (
        Path(f'{name}_report.html').read_text(encoding='utf-8') for name in ('clip', 'lines')
    )
    count = len(Path('lines.jsonl').read_text().splitlines())
    for text in (video, lines):
        assert f'{count} images' in text
        assert 'No face has metres' in text
    assert 'Its lines do not hold what the filter removed' in lines
    (face,) = json.loads(Path('lines.jsonl').read_text().splitlines()[0])['faces']
    assert face['id'] in lines


def test_one_picture_is_no_recording(models, capsys):
    report('face.png', '--model', 'mesh', expected_status=1)
    assert 'is one picture' in capsys.readouterr().err


def test_help_names_the_topics_to_record(capsys):
    with pytest.raises(SystemExit):
        main(['report', '--help'])
    assert '/facemesh/landmarks /facemesh/info' in capsys.readouterr().out


def test_nothing_is_left_of_a_page_that_cannot_be_written(folder, capsys, monkeypatch):
    face_bag(2).write(folder / 'bag')

    def full(*_: Any) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('os.replace', full)
    report('bag', expected_status=1)
    assert 'No space left on device' in capsys.readouterr().err
    assert not list(folder.glob('*.html*'))
