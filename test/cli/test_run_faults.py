"""A fault of ours, or of the machine, in one file: it is told, and the rest goes on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from facemesh_ros.cli.json_lines import JsonLines
from facemesh_ros.cli.main import main
from facemesh_ros.cli.run_setup import RunSetup
from facemesh_ros.cli.view_output import ViewerClosedError
from facemesh_ros.cli.workers.source_work import SourceTask, SourceWork
from facemesh_ros.cli.workers.spooled_results import spooled_results
from facemesh_ros.io import MediaSource, SourceKind
from facemesh_ros.io.recordings.camera_topics import TopicChoice
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings


@pytest.fixture(autouse=True)
def place(clip, require_models):
    require_models('mesh')
    return clip.parent


@pytest.fixture
def fail_with(monkeypatch):
    """Lets the pipeline fail at the third picture of a video, as a bug in it would make it."""
    process = FacePipeline.process

    def fail(error: Exception) -> None:
        def process_or_fail(pipeline, frame, **options):
            if frame.stamp_ns == 200_000_000:
                raise error
            return process(pipeline, frame, **options)

        monkeypatch.setattr(FacePipeline, 'process', process_or_fail)

    return fail


def sources() -> list[str]:
    return [json.loads(line)['source'] for line in Path('out.jsonl').read_text().splitlines()]


def test_an_error_of_ours_is_told_as_ours_and_the_rest_goes_on(fail_with, capsys):
    fail_with(IndexError('index 7 is out of bounds'))
    arguments = ['face.png', 'clip.mp4', 'face.png', '--jsonl', 'out.jsonl', '--model', 'mesh']
    assert main(['run', *arguments]) == 1
    error = capsys.readouterr().err
    assert (
        'clip.mp4 is not done to its end: after 2 images facemesh failed, which is a fault of its '
        'own (IndexError: index 7 is out of bounds)'
    ) in error
    assert 'Traceback' not in error
    assert 'out.jsonl.errors: please report them' in error
    assert '1 file not read to the end' in error
    assert sources() == ['face.png', 'clip.mp4', 'clip.mp4', 'face.png']
    trace = Path('out.jsonl.errors').read_text()
    assert 'clip.mp4, after 2 images' in trace
    assert 'process_or_fail' in trace
    # It is of this run alone.
    assert main(['run', 'face.png', '--jsonl', 'out.jsonl', '--model', 'mesh']) == 0
    assert not Path('out.jsonl.errors').exists()


def test_a_worker_tells_an_error_of_ours_and_goes_on(fail_with, place):
    fail_with(IndexError('index 7 is out of bounds'))
    settings = SensorSettings(landmark_model='mesh')
    work = SourceWork(RunSetup(settings, None, None, False, TopicChoice(), False))
    for index, (name, kind) in enumerate(
        [('clip.mp4', SourceKind.VIDEO), ('face.png', SourceKind.STILL)]
    ):
        task = SourceTask(index, MediaSource(kind, (Path(name),)), place / f'{index}')
        outcome = work.run(task, lambda share, images: False)
        assert outcome.images == 2 - index
    *found, error = spooled_results(place / '0')
    assert len(found) == 2
    assert 'a fault of its own (IndexError' in str(error)
    assert 'process_or_fail' in error.trace
    assert len(list(spooled_results(place / '1'))) == 1


def test_an_error_of_ours_in_an_output_is_told_and_the_rest_goes_on(monkeypatch, capsys):
    write = JsonLines.write

    def write_or_fail(lines, picture, *result):
        if picture.frame == 1:
            raise ZeroDivisionError
        write(lines, picture, *result)

    monkeypatch.setattr(JsonLines, 'write', write_or_fail)
    arguments = ['face.png', 'clip.mp4', 'face.png', '--jsonl', 'out.jsonl', '--model', 'mesh']
    assert main(['run', *arguments]) == 1
    assert 'after 1 image facemesh failed, which is a fault of its own (ZeroDivisionError)' in (
        capsys.readouterr().err
    )
    assert sources() == ['face.png', 'clip.mp4', 'face.png']


def test_a_viewer_that_is_closed_is_no_fault(monkeypatch):
    def write_and_nobody_looks(*_):
        raise ViewerClosedError

    monkeypatch.setattr(JsonLines, 'write', write_and_nobody_looks)
    with pytest.raises(ViewerClosedError):
        main(['run', 'face.png', 'clip.mp4', '--jsonl', 'out.jsonl', '--model', 'mesh'])
    assert not Path('out.jsonl.errors').exists()


def test_memory_that_runs_out_is_no_fault_of_the_program(fail_with, capsys):
    fail_with(MemoryError())
    assert main(['run', 'clip.mp4', '--model', 'mesh']) == 1
    error = capsys.readouterr().err
    assert 'clip.mp4 is not done to its end: memory ran out after 2 images' in error
    assert 'fault of its own' not in error


def test_files_that_vanish_or_are_pipes_are_told_and_the_rest_goes_on(place, capsys, monkeypatch):
    os.mkfifo('pipe.mp4')
    Path('gone.png').write_bytes(Path('face.png').read_bytes())
    process = FacePipeline.process_static_image

    def process_while_a_file_vanishes(*arguments, **options):
        Path('gone.png').unlink(missing_ok=True)
        return process(*arguments, **options)

    monkeypatch.setattr(FacePipeline, 'process_static_image', process_while_a_file_vanishes)
    Path('z.png').write_bytes(Path('face.png').read_bytes())
    names = ['pipe.mp4', 'face.png', 'gone.png', 'z.png']
    # The sensor's warm-up is an image, too: the file is there when the run looks for files.
    assert main(['run', *names, '--jsonl', 'out.jsonl', '--model', 'mesh']) == 1
    error = capsys.readouterr().err
    assert 'pipe.mp4 is a pipe, not a file' in error
    assert 'gone.png does not exist' in error
    assert sources() == ['face.png', 'z.png']


@pytest.mark.skipif(os.geteuid() == 0, reason='root may read everything')
def test_a_folder_that_may_not_be_read_is_told_and_the_rest_goes_on(capsys):
    Path('closed').mkdir(mode=0)
    assert main(['run', 'closed', 'face.png', '--jsonl', 'out.jsonl', '--model', 'mesh']) == 1
    assert 'closed cannot be read: Permission denied' in capsys.readouterr().err
    assert sources() == ['face.png']


def test_a_full_disk_ends_several_processes_with_a_sentence(capsys):
    options = ['--jsonl', '/dev/full', '--jobs', '2', '--model', 'mesh']
    assert main(['run', 'face.png', 'clip.mp4', *options]) == 1
    assert '/dev/full cannot be written: No space left on device' in capsys.readouterr().err
