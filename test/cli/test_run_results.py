"""What `facemesh run` writes: JSON lines as the README explains them, annotated copies."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facemesh_ros.cli.main import main

LINE = {'source', 'frame', 'stamp_ns', 'image_wh', 'ms', 'faces'}
METRIC = {'pose', 'landmarks_metric', 'gaze_left', 'gaze_right', 'gaze_sigma'}
SCORES = {'score', 'last_score', 'last_score_age', 'presence'}
FACE = {'id', 'state', *SCORES, 'box_xyxy', 'landmarks', 'metric_source', *METRIC}


def lines_of(*arguments: str, expected_status: int = 0) -> list[dict]:
    assert main(['run', *arguments, '--jsonl', 'out.jsonl']) == expected_status
    return [json.loads(line) for line in Path('out.jsonl').read_text().splitlines()]


def video_of(path: str) -> tuple[list[np.ndarray], float]:
    capture = cv2.VideoCapture(path)
    images = []
    while (read := capture.read())[0]:
        images.append(read[1])
    return images, capture.get(cv2.CAP_PROP_FPS)


def green_of(image: np.ndarray) -> np.ndarray:
    return image[..., 1].astype(int)


@pytest.mark.parametrize('model', ['attention', 'mesh', 'v2'])
def test_a_line_has_what_the_interface_promises(workplace, require_models, model):
    require_models(model)
    (line,) = lines_of('face.png', '--model', model)
    assert set(line) == LINE
    assert (line['source'], line['frame'], line['stamp_ns']) == ('face.png', 0, 0)
    assert line['image_wh'] == [320, 240]
    assert isinstance(line['ms'], float)
    assert line['ms'] > 0
    (face,) = line['faces']
    assert set(face) == FACE
    assert face['id'] == 'f00001'
    assert face['state'] == 1
    assert 0.5 <= face['score'] <= 1
    assert 0.5 <= face['presence'] <= 1
    # Without a calibration nothing is in metres.
    assert face['metric_source'] == 0
    assert all(face[name] is None for name in METRIC)
    landmarks = np.array(face['landmarks'])
    assert landmarks.shape == (468 if model == 'mesh' else 478, 3)
    x, y, _ = landmarks.T
    assert face['box_xyxy'] == [x.min(), y.min(), x.max(), y.max()]
    # The face is in the middle of the picture, cut from the astronaut at (60, 10).
    assert 105 < x.min() < 130
    assert 200 < x.max() < 225
    assert 50 < y.min() < 75
    assert 155 < y.max() < 180


def test_sources_are_relative_to_the_current_folder(workplace):
    (workplace / 'sub').mkdir()
    Path('face.png').rename('sub/face.png')
    for path in ('sub/face.png', str(workplace / 'sub' / 'face.png'), 'sub', './sub/../sub'):
        assert [line['source'] for line in lines_of(path)] == ['sub/face.png']
    (workplace.parent / 'beside').mkdir()
    (workplace / 'sub' / 'face.png').rename(workplace.parent / 'beside' / 'face.png')
    assert lines_of('../beside')[0]['source'] == '../beside/face.png'
    # What does not lie below stays as it was given: `../../../..` says nothing to anybody.
    elsewhere = workplace.parent / 'beside' / 'face.png'
    assert lines_of(str(elsewhere))[0]['source'] == str(elsewhere)


def test_a_video_is_one_line_per_picture_with_its_time(clip):
    lines = lines_of('clip.mp4')
    assert [line['frame'] for line in lines] == [0, 1, 2, 3]
    assert [line['stamp_ns'] for line in lines] == [0, 10**8, 2 * 10**8, 3 * 10**8]
    assert {line['source'] for line in lines} == {'clip.mp4'}
    assert [[face['id'] for face in line['faces']] for line in lines] == [['f00001']] * 4
    lefts = [line['faces'][0]['box_xyxy'][0] for line in lines]
    # 8 px to the right per picture; the codec and the detector's own jitter blur it.
    assert np.diff(lefts) == pytest.approx([8, 8, 8], abs=3)


def test_numbered_frames_are_one_stream_unless_static(workplace, head):
    Path('face.png').unlink()
    frames = [f'{number}.png' for number in range(1, 13)]
    for number, frame in enumerate(frames):
        cv2.imwrite(frame, np.roll(head, 4 * number, axis=1))
    for flags, ids in (([], ['f00001']), (['--static'], [f'f{n:05d}' for n in range(1, 13)])):
        lines = lines_of('.', *flags)
        assert [line['source'] for line in lines] == frames
        assert sorted({face['id'] for line in lines for face in line['faces']}) == ids
        assert {line['stamp_ns'] for line in lines} == {0}


def test_other_pictures_show_no_face_of_the_picture_before(workplace, head):
    """Nor of a video: a wall after a face has none, at the size of the face's picture."""
    Path('face.png').rename('1_face.png')
    cv2.imwrite('2_wall.png', np.full_like(head, 128))
    cv2.imwrite('3_face.png', np.roll(head, 30, axis=1))
    lines = lines_of('1_face.png', '2_wall.png', '3_face.png')
    ids = [[face['id'] for face in line['faces']] for line in lines]
    assert ids == [['f00001'], [], ['f00002']]
    assert [face['state'] for line in lines for face in line['faces']] == [1, 1]


def test_no_source_shows_a_face_of_the_one_before(clip, head):
    for number in (1, 2, 3):
        cv2.imwrite(f'wall{number}.png', np.full_like(head, 128))
    names = ['clip.mp4', 'wall1.png', 'wall2.png', 'wall3.png', 'face.png']
    lines = lines_of(*names, 'clip.mp4')
    ids = [[face['id'] for face in line['faces']] for line in lines]
    assert ids == [['f00001']] * 4 + [[]] * 3 + [['f00002']] + [['f00003']] * 4


def test_the_last_lines_say_what_was_read_how_and_what_was_written_where(clip, head, capsys):
    for number in (1, 2):
        cv2.imwrite(f'frame{number}.png', head)
    arguments = ['run', '.', '--jsonl', 'out.jsonl', '--video', 'out.mp4']
    assert main(arguments) == 0
    assert capsys.readouterr().err.splitlines() == [
        'facemesh: 1 picture taken one by one, 2 numbered frames as one stream, 1 video: '
        '7 images, 7 with a face',
        'facemesh: wrote 7 lines to out.jsonl and 7 pictures to out.mp4',
    ]
    assert main(['run', 'clip.mp4', 'frame1.png', 'frame2.png', '--static', '--video', 'd']) == 0
    assert capsys.readouterr().err.splitlines() == [
        'facemesh: 2 numbered frames one by one, 1 video, its pictures one by one: '
        '6 images, 6 with a face',
        'facemesh: wrote 6 pictures to d/',
    ]


def test_the_times_of_a_video_are_its_own(workplace, head):
    durations_ms = [40, 500, 100, 700]
    images = [Image.fromarray(head[..., ::-1])] * 3 + [Image.fromarray(head[:, ::-1, ::-1])]
    images = [image.rotate(angle) for angle, image in enumerate(images)]
    images[0].save('a.gif', save_all=True, append_images=images[1:], duration=durations_ms)
    assert [line['stamp_ns'] / 1e6 for line in lines_of('a.gif')] == [0, 40, 540, 640]


def test_each_video_begins_anew(clip):
    ids = [line['faces'][0]['id'] for line in lines_of('clip.mp4', 'clip.mp4')]
    assert ids == ['f00001'] * 4 + ['f00002'] * 4


def test_a_picture_without_a_face_has_a_line_too(workplace):
    cv2.imwrite('wall.png', np.full((90, 160, 3), 128, np.uint8))
    (line,) = lines_of('wall.png')
    assert line['faces'] == []
    assert line['image_wh'] == [160, 90]


def test_no_more_faces_than_asked_for(workplace, head):
    cv2.imwrite('two.png', np.hstack([head, head]))
    assert len(lines_of('two.png')[0]['faces']) == 2
    assert len(lines_of('two.png', '--max-faces', '1')[0]['faces']) == 1


def test_an_annotated_video_has_the_rate_and_the_pictures_of_the_first(clip):
    assert main(['run', 'clip.mp4', '--video', 'out.mp4']) == 0
    images, rate_hz = video_of('out.mp4')
    before, _ = video_of('clip.mp4')
    assert rate_hz == pytest.approx(10)
    assert [image.shape for image in images] == [(240, 320, 3)] * 4
    for image, plain in zip(images, before, strict=True):
        difference = np.abs(green_of(image) - green_of(plain))
        # Drawn on the face, and nothing but the codec's noise far from it.
        assert difference[60:170, 110:240].mean() > 5
        assert difference[180:, :80].mean() < 3


def test_a_folder_gets_a_png_per_picture(clip):
    assert main(['run', 'face.png', 'clip.mp4', '--video', 'made/out']) == 0
    names = sorted(path.name for path in Path('made/out').iterdir())
    assert names == ['000000_face.png', *(f'00000{number}_clip.png' for number in range(1, 5))]
    drawn, plain = cv2.imread('made/out/000000_face.png'), cv2.imread('face.png')
    assert drawn.shape == plain.shape
    assert not np.array_equal(drawn, plain)
    assert np.array_equal(drawn[200:], plain[200:])


def test_the_pictures_that_were_read_are_never_written_over(workplace):
    before = Path('face.png').read_bytes()
    assert main(['run', 'face.png', '--video', '.']) == 1
    assert Path('face.png').read_bytes() == before


def test_the_video_that_is_read_is_never_written_over(clip, capsys):
    before = clip.read_bytes()
    assert main(['run', 'clip.mp4', '--video', './clip.mp4']) == 1
    assert clip.read_bytes() == before
    assert 'clip.mp4' in capsys.readouterr().err


def test_without_an_output_it_says_what_it_found(workplace, capsys):
    cv2.imwrite('wall.png', np.full((90, 160, 3), 128, np.uint8))
    assert main(['run', 'face.png', 'wall.png']) == 0
    face, wall = capsys.readouterr().out.splitlines()
    assert face.startswith('face.png: f00001 (')
    assert wall.startswith('wall.png: no face')
