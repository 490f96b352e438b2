"""Invalid arguments are refused before anything is started; a full disk ends the demo."""

from __future__ import annotations

import cv2
import numpy as np
import pytest


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        (['--image', 'nowhere.png'], 'nowhere.png'),
        (['--video', 'nowhere.mp4'], 'nowhere.mp4'),
        (['--camera', '77'], '/dev/video77'),
        (['--view', 'rviz'], '--view rviz needs'),
    ],
)
def test_a_source_that_cannot_be_opened_is_refused(start_demo, arguments, text):
    demo = start_demo(*arguments, DISPLAY='', WAYLAND_DISPLAY='').end()
    assert demo.status == 1
    assert text in demo.stderr
    assert 'the node start' not in demo.stderr


@pytest.mark.parametrize(
    ('option', 'value'),
    [
        ('--seconds', '0'),
        ('--seconds', '-1'),
        ('--seconds', 'nan'),
        ('--seconds', 'long'),
        ('--record', '-1'),
        ('--record', 'nan'),
    ],
)
def test_an_invalid_duration_is_refused(start_demo, option, value):
    demo = start_demo(option, value).end()
    assert demo.status == 2
    assert f'argument {option}: {value} must be a number of seconds' in demo.stderr


def test_an_output_that_is_a_file_is_refused(start_demo, tmp_path):
    file = tmp_path / 'file'
    file.write_text('precious')
    for output in (file, file / 'below'):
        demo = start_demo('--output', str(output)).end()
        assert demo.status == 1
        assert f'--output {output}' in demo.stderr
        assert 'the node start' not in demo.stderr
    assert file.read_text() == 'precious'


def test_an_output_that_cannot_be_written_to_is_refused(start_demo, tmp_path, mounted):
    folder = tmp_path / 'read_only'
    folder.mkdir()
    before = mounted(folder, '1m,ro')
    for output in (folder, folder / 'below'):
        demo = start_demo('--output', str(output), before=before).end()
        assert demo.status == 1
        assert f'--output {output} cannot be written to: Read-only file' in demo.stderr
        assert 'the node start' not in demo.stderr


@pytest.mark.parametrize('size', ['4k', '300k'])
def test_a_disk_that_is_full_or_gets_full_ends_it(start_demo, tmp_path, mounted, size):
    folder = tmp_path / 'disk'
    folder.mkdir()
    before = mounted(folder, size)
    demo = start_demo('--seconds', '20', '--output', str(folder), before=before).end()
    assert demo.status == 1
    assert 'full' in demo.stderr or 'No space left' in demo.stderr
    assert 'video:' not in demo.stdout


def test_pictures_of_the_last_run_are_removed(start_demo, tmp_path):
    empty, output = tmp_path / 'empty.png', tmp_path / 'output'
    cv2.imwrite(str(empty), np.full((480, 640, 3), 128, np.uint8))
    output.mkdir()
    (output / 'face.png').write_bytes(empty.read_bytes())
    demo = start_demo('--seconds', '1', '--image', str(empty), '--output', str(output)).end()
    assert demo.status == 0
    assert 'no face was seen, so there is no picture' in demo.stderr
    assert not (output / 'face.png').exists()
