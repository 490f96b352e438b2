"""Calibration files as ROS tools write them, one for all or one a picture, and damaged ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facemesh_ros.geometry.calibration import Calibration, CalibrationError
from facemesh_ros.io import CalibrationFile, MediaError

K = [500.0, 0.0, 319.5, 0.0, 510.0, 239.5, 0.0, 0.0, 1.0]
P = [480.0, 0.0, 320.0, 0.0, 0.0, 490.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0]
D = [-0.3, 0.1, 0.001, 0.0, 0.0]
CALIBRATION = Calibration((640, 480), 'plumb_bob', tuple(D), tuple(K), tuple(P))
# By camera_calibration and camera_info_manager.
ROS_YAML = f"""\
image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: {K}
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: {D}
rectification_matrix:
  rows: 3
  cols: 3
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
projection_matrix:
  rows: 3
  cols: 4
  data: {P}
"""
# By `ros2 topic echo --once /camera_info`.
ECHO = f"""\
header:
  stamp:
    sec: 5
    nanosec: 6
  frame_id: camera
height: 480
width: 640
distortion_model: plumb_bob
d: {D}
k: {K}
r: []
p: {P}
binning_x: 0
binning_y: 0
roi:
  x_offset: 0
  y_offset: 0
  height: 0
  width: 0
  do_rectify: false
---
"""


def line(source: str | None = 'a.png', fx=500.0, **changed) -> str:
    record = {
        'source': source,
        'width': 640,
        'height': 480,
        'distortion_model': 'plumb_bob',
        'd': D,
        'k': [fx, *K[1:]],
        'r': [1, 0, 0, 0, 1, 0, 0, 0, 1],
        'p': P,
        **changed,
    }
    return json.dumps({name: value for name, value in record.items() if value is not None})


@pytest.fixture
def read(tmp_path):
    def read(text: str | bytes) -> CalibrationFile:
        path = tmp_path / 'info.txt'
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return CalibrationFile(path)

    return read


@pytest.mark.parametrize(
    'text', [ROS_YAML, ECHO, line(None), json.dumps(json.loads(line(None)), indent=2)]
)
def test_one_calibration_is_that_of_all_pictures(read, text):
    for source in ('a.png', '/somewhere/else/b.mp4'):
        assert read(text).calibration_of(Path(source)) == CALIBRATION


def test_binning_and_region_of_a_message_are_read(read):
    text = ECHO.replace('binning_x: 0', 'binning_x: 2').replace('x_offset: 0', 'x_offset: 7')
    found = read(text).calibration_of(Path('a.png'))
    assert (found.binning_xy, found.roi_xywh) == ((2, 0), (7, 0, 0, 0))


def test_each_picture_has_the_line_of_its_name_or_path(read, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    absolute = tmp_path / 'x' / 'c.png'
    sources = ['a.png', 'left/b.png', './right/b.png', 'b.png', str(absolute)]
    lines = [line(source, 100.0 + number) for number, source in enumerate(sources)]
    found = read('\n'.join([*lines, '', lines[0]]))

    def focal_of(source):
        return found.calibration_of(Path(source)).k[0]

    assert focal_of('a.png') == focal_of('deep/down/a.png') == 100
    assert focal_of('left/b.png') == focal_of(tmp_path / 'left/b.png') == 101
    assert focal_of('data/right/b.png') == 102
    assert focal_of('elsewhere/b.png') == 103
    assert focal_of('x/c.png') == 104
    for other in ('y/c.png', 'aa.png', 'a.jpg', 'a'):
        with pytest.raises(CalibrationError, match=r'info.txt has no line whose "source"'):
            focal_of(other)
        assert not found.has_line_for(Path(other))
    assert all(found.has_line_for(Path(source)) for source in ('deep/down/a.png', 'left/b.png'))


def test_of_a_calibration_for_all_no_picture_has_a_line_of_its_own(read):
    for text in (ROS_YAML, ECHO, line(None)):
        assert not read(text).has_line_for(Path('a.png'))


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('', 'has no fields'),
        ('hello', 'has no fields.*ROS calibration YAML'),
        ('a: [1', 'is no YAML'),
        (b'\xff\xfe\x00', 'it is no text'),
        ('{"a": 1', 'line 1 is no JSON'),
        (line() + '\n' + line('b.png')[:-9], 'line 2 is no JSON'),
        (line() + '\n\n[1]', 'line 3 has no fields'),
        (line() + '\n' + line(None), 'line 2 names no "source"'),
        (line() + '\n' + line(7), 'line 2 names no "source"'),
        (line() + '\n' + line(fx=1.0), "line 2 contradicts an earlier line for 'a.png'"),
        (line(k=None), r'has no k \(camera_matrix\) of 9 numbers'),
        (line(k=[1.0]), 'has no k'),
        (line(k=['x'] * 9), 'has no k'),
        (line(p=[1.0]), r'has no p \(projection_matrix\) of 12 numbers'),
        (line(d='abc'), 'has no d'),
        (line(d=[10**400]), 'has no d'),
        (line(width=None), 'has no width and height'),
        (line(height='480'), 'has no width and height'),
        (line(width=-1), 'has no width and height'),
        (line(binning_x='two'), 'wrong binning or roi'),
        (ROS_YAML.replace('camera_matrix', 'matrix'), 'has no k'),
        (ROS_YAML.replace('image_width', 'image_breadth'), 'has no width'),
    ],
)
def test_a_file_that_is_no_calibration_is_refused_with_the_way_out(read, text, reason):
    with pytest.raises(MediaError, match=reason):
        read(text)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(MediaError, match='does not exist'):
        CalibrationFile(tmp_path / 'info.yaml')
    with pytest.raises(MediaError, match='is a folder'):
        CalibrationFile(tmp_path)


leaves = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5)
json_values = leaves | st.lists(leaves, max_size=12) | st.dictionaries(st.text(max_size=5), leaves)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            ['source', 'width', 'height', 'distortion_model', 'd', 'k', 'p', 'roi', 'binning_x']
        ),
        json_values,
    )
)
def test_any_json_is_a_calibration_or_refused(read, changed):
    record = {**json.loads(line()), **changed}
    try:
        read(json.dumps(record))
    except MediaError:
        return
