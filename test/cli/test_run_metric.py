"""`facemesh run` with a calibration and depth: metres in the lines, and notes on the rest."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from facemesh_ros.cli.main import main

F = 400.0
K = [F, 0.0, 159.5, 0.0, F, 119.5, 0.0, 0.0, 1.0]


def info(source='face.png', fx=F, **changed) -> str:
    record = {
        'source': source,
        'width': 320,
        'height': 240,
        'distortion_model': '',
        'd': [],
        'k': [fx, 0.0, 159.5, 0.0, fx, 119.5, 0.0, 0.0, 1.0],
        'r': [1, 0, 0, 0, 1, 0, 0, 0, 1],
        'p': [0.0] * 12,
        **changed,
    }
    return json.dumps(record)


def faces_of(
    *arguments: str, calibrations: list[str] | None = None
) -> dict[tuple[str, int], dict]:
    """Return the one face of each frame, by source and number."""
    if calibrations is not None:
        Path('info.jsonl').write_text('\n'.join(calibrations))
        arguments = (*arguments, '--camera-info', 'info.jsonl')
    assert main(['run', *arguments, '--jsonl', 'out.jsonl', '--model', 'mesh']) == 0
    lines = [json.loads(line) for line in Path('out.jsonl').read_text().splitlines()]
    return {(line['source'], line['frame']): line['faces'][0] for line in lines}


@pytest.fixture(autouse=True)
def place(workplace, require_models):
    require_models('mesh')
    return workplace


def seen_at(points, fx=F) -> np.ndarray:
    points = np.array(points)
    return points[..., :2] / points[..., 2:] * fx + (159.5, 119.5)


def test_a_calibrated_face_is_in_metres_where_it_is_seen(capsys):
    (face,) = faces_of('face.png', calibrations=[info()]).values()
    assert face['metric_source'] == 1
    pose = face['pose']
    assert np.linalg.norm(pose['quaternion_xyzw']) == pytest.approx(1, abs=1e-5)
    covariance = np.array(pose['covariance']).reshape(6, 6)
    assert np.allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0
    landmarks = np.array(face['landmarks'])[:, :2]
    assert np.shape(face['landmarks_metric']) == (468, 3)
    assert np.median(np.abs(seen_at(face['landmarks_metric']) - landmarks)) < 3
    sellion = 168
    assert seen_at(pose['position_m']) == pytest.approx(landmarks[sellion], abs=6)
    # Of the face 16 cm are 100 px high.
    assert 0.4 < pose['position_m'][2] < 0.9
    assert 'without' not in capsys.readouterr().err


def test_head_axes_are_drawn_where_the_head_is():
    Path('info.jsonl').write_text(info())
    for folder, options in (('with', ['--camera-info', 'info.jsonl']), ('without', [])):
        assert main(['run', 'face.png', '--model', 'mesh', '--video', folder, *options]) == 0
    with_axes, without = (
        cv2.imread(f'{folder}/000000_face.png').astype(int) for folder in ('with', 'without')
    )
    drawn = with_axes - without
    (face,) = faces_of('face.png', calibrations=[info()]).values()
    (x0, y0), origin = face['box_xyxy'][:2], face['pose']['position_m']
    across, down = np.rint(seen_at(origin)).astype(int)
    near = drawn[down - 25 : down + 25, across - 25 : across + 25]
    assert (np.abs(near) > 60).any(axis=(0, 1)).all()
    assert not drawn[: int(y0) - 40, : int(x0) - 40].any()


def test_a_yaml_for_all_is_the_same_as_a_line_for_each():
    Path('camera.yaml').write_text(
        'image_width: 320\nimage_height: 240\ndistortion_model: plumb_bob\n'
        f'camera_matrix: {{rows: 3, cols: 3, data: {K}}}\n'
        'distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}\n'
    )
    (by_yaml,) = faces_of('face.png', '--camera-info', 'camera.yaml').values()
    (by_line,) = faces_of('face.png', calibrations=[info()]).values()
    assert by_yaml == by_line


def test_each_picture_has_its_own_camera_and_one_without_is_noted(capsys):
    for name in ('far.png', 'none.png', 'other.png', 'wrong.png', 'bent.png'):
        Path(name).write_bytes(Path('face.png').read_bytes())
    wrong = info('wrong.png', width=640)
    bent = info('bent.png', distortion_model='fov', d=[0.9])
    faces = faces_of('.', calibrations=[info(), info('far.png', 2 * F), wrong, bent])
    near, far = (faces[name, 0]['pose']['position_m'][2] for name in ('face.png', 'far.png'))
    assert far / near == pytest.approx(2, rel=0.05)
    for name in ('none.png', 'other.png', 'wrong.png', 'bent.png'):
        face = faces[name, 0]
        assert (face['pose'], face['landmarks_metric'], face['metric_source']) == (None, None, 0)
        assert len(face['landmarks']) == 468
    said = capsys.readouterr().err
    assert '2 images, the first of none.png: no metres: info.jsonl has no line' in said
    assert 'the first of wrong.png: no metres: it is for 640x240 px' in said
    assert "the first of bent.png: no metres: distortion_model 'fov' is not known" in said


def test_a_video_is_in_metres_frame_by_frame(clip):
    faces = faces_of('clip.mp4', calibrations=[info('clip.mp4')])
    # It moves to the right by 8 px a frame; smoothing may lag.
    xs = [faces['clip.mp4', frame]['pose']['position_m'][0] for frame in range(4)]
    assert np.all(np.diff(xs) > 0)


@pytest.mark.parametrize('each_its_own', [True, False])
def test_numbered_pictures_with_a_camera_each_are_no_stream(capsys, each_its_own):
    names = [f'view_{number}.png' for number in range(3)]
    for name in names:
        Path(name).write_bytes(Path('face.png').read_bytes())
    calibrations = list(map(info, names)) if each_its_own else [info(None)]
    faces = faces_of(*names, calibrations=calibrations)
    assert len({face['id'] for face in faces.values()}) == (3 if each_its_own else 1)
    assert all(face['metric_source'] == 1 for face in faces.values())
    said = capsys.readouterr().err
    expected = '3 pictures taken one by one' if each_its_own else '3 numbered frames as one stream'
    assert expected in said


def test_without_metric_mode_nothing_is_in_metres(capsys):
    (face,) = faces_of('face.png', '--metric-mode', 'none', calibrations=[info()]).values()
    assert face['pose'] is None
    assert face['metric_source'] == 0


def test_depth_pictures_are_not_processed_and_missing_ones_are_noted(capsys):
    Path('second.png').write_bytes(Path('face.png').read_bytes())
    cv2.imwrite('face_depth.png', np.full((240, 320), 600, np.uint16))
    faces = faces_of('.', '--depth', '{stem}_depth.png', calibrations=[info(), info('second.png')])
    assert {source for source, _ in faces} == {'face.png', 'second.png'}
    assert faces['second.png', 0]['metric_source'] == 1
    said = capsys.readouterr().err
    assert '1 depth picture taken as depth only' in said
    assert 'the first of second.png: no depth: no depth picture {stem}_depth.png lies' in said


@pytest.mark.parametrize(
    ('arguments', 'status', 'reason'),
    [
        (['--depth', '{stem}_d.png'], 2, '--depth: without --camera-info'),
        (['--camera-info', 'nowhere.yaml'], 1, 'nowhere.yaml does not exist'),
        (['--camera-info', 'face.png'], 1, 'face.png is no camera calibration'),
        (['--camera-info', 'info.jsonl', '--depth', '{x}'], 1, 'is no pattern'),
        (['--metric-mode', 'guess'], 1, '--metric-mode'),
        (
            ['--camera-info', 'info.jsonl', '--jsonl', 'info.jsonl'],
            1,
            'info.jsonl is --camera-info',
        ),
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_is_done(
    capsys, arguments, status, reason
):
    Path('info.jsonl').write_text(info())
    try:
        found = main(['run', 'face.png', *arguments])
    except SystemExit as exit_:
        found = exit_.code
    assert found == status
    assert reason in capsys.readouterr().err
