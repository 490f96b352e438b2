"""Hostile messages against the decoders: a result that keeps its promise, or an error for people.

Longer: `./run fuzz messages --cases 100000`.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import messages, rules
from hostile.cdr import CameraInfo, CompressedImage, Header, RawImage
from hostile.encoded import CORPUS, content_of
from hypothesis import HealthCheck, given, settings

from facemesh_ros.errors import kind_of
from facemesh_ros.geometry.calibration import Calibration, CalibrationError
from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.messages.cdr_camera_info import calibration_from_cdr
from facemesh_ros.messages.cdr_image import image_from_cdr
from facemesh_ros.messages.image_conversion import frame_from_msg

some = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@some
@given(messages.images)
def test_an_image_is_decoded_or_refused(cdr):
    rules.check_image(cdr, is_compressed=False)


@some
@given(messages.compressed_images)
def test_a_compressed_image_is_decoded_or_refused(cdr):
    rules.check_image(cdr, is_compressed=True)


@some
@given(messages.depths)
def test_a_depth_image_is_decoded_or_refused(cdr):
    rules.check_depth(cdr)


@some
@given(messages.camera_infos)
def test_a_calibration_is_understood_or_refused(cdr):
    rules.check_info(cdr)


@pytest.mark.parametrize('name', CORPUS)
def test_no_encoded_image_writes_to_the_log(name, capfd):
    """Codecs of C would, past Python: a line for each damaged image of a stream."""
    rules.check_image(CompressedImage(data=content_of(name)).cdr(), is_compressed=True)
    assert capfd.readouterr() == ('', '')


def test_no_encoded_image_warns_on_the_terminal_of_a_process():
    """Where no test catches the warnings of Python."""
    program = (
        'from hostile import rules; from hostile.cdr import CompressedImage\n'
        'from hostile.encoded import CORPUS, content_of\n'
        'for name in CORPUS:\n'
        '    message = CompressedImage(data=content_of(name)).cdr()\n'
        '    print(rules.check_image(message, is_compressed=True))\n'
    )
    support = str(Path(rules.__file__).parents[1])
    paths = os.pathsep.join(filter(None, (support, os.environ.get('PYTHONPATH'))))
    done = subprocess.run(
        [sys.executable, '-c', program],
        env={**os.environ, 'PYTHONPATH': paths},
        capture_output=True,
        text=True,
    )
    assert len(done.stdout.split()) == len(CORPUS)
    assert done.stderr == ''


def test_a_damaged_list_of_further_pictures_warns_nobody(recwarn):
    content = content_of('jpeg two pictures')
    listed = content.index(b'MPF\0')
    for at in range(listed, listed + 60):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        rules.check_image(CompressedImage(data=changed).cdr(), is_compressed=True)
    assert not recwarn.list


SOUND = RawImage(height=1, width=1, encoding=b'mono8', step=1, data=b'a')
LONG = b'x' * 10**6


@pytest.mark.parametrize('field', ['encoding', 'format'])
def test_an_error_is_no_longer_than_a_line_whatever_a_driver_writes(field):
    msg = CompressedImage(data=b'?') if field == 'format' else RawImage(height=1, width=1)
    for text in (LONG, b' ' * 10**6 + b'rgb8', b'\x1b[2J\n\r', '\u202e'.encode()):
        setattr(msg, field, text)
        assert rules.check_image(msg.cdr(), is_compressed=field == 'format') == 'refused'


def test_a_distortion_model_of_a_megabyte_is_refused_in_a_line():
    k = (500.0, 0.0, 319.5, 0.0, 500.0, 239.5, 0.0, 0.0, 1.0)
    info = CameraInfo(height=480, width=640, distortion_model=LONG, k=k)
    assert rules.check_info(info.cdr()) == 'refused'


def test_what_a_stream_keeps_of_a_calibration_is_bounded():
    """It keeps two seconds of them; sound, but a megabyte each, they would fill the memory."""
    for large in (CameraInfo(d=[0.1] * 10**5), CameraInfo(distortion_model=LONG)):
        with pytest.raises(CalibrationError):
            calibration_from_cdr(large.cdr())


def test_a_calibration_is_read_as_it_was_sent():
    info = CameraInfo(
        Header(7, 8), 480, 640, b'plumb_bob', [0.5, -1.0], range(9), p=range(10, 22),
        binning=(1, 2), roi=(3, 4, 5, 6),
    )  # fmt: skip
    stamp_ns, found = calibration_from_cdr(info.cdr())
    assert stamp_ns == 7_000_000_008
    assert found == Calibration(
        (640, 480), 'plumb_bob', (0.5, -1.0), tuple(range(9)), tuple(range(10, 22)), (1, 2),
        (3, 4, 6, 5),
    )  # fmt: skip


def test_a_frame_id_ends_where_all_others_see_its_end():
    """A C string: published again, the rest would be cut off, and headers would differ."""
    SOUND.header = Header(frame_id=b'camera\0rest')
    msg = image_from_cdr(SOUND.cdr(), rules.new_header, is_compressed=False)
    assert msg.header.frame_id == 'camera'


def test_refusals_of_one_kind_are_one_kind_whatever_their_texts():
    def kind(msg, *, is_compressed=False):
        try:
            read = image_from_cdr(msg.cdr(), rules.new_header, is_compressed=is_compressed)
            frame_from_msg(read, max_megapixels=1)
        except ImageError as error:
            return kind_of(error)
        raise AssertionError('was not refused')

    unknown = [kind(RawImage(encoding=name)) for name in (b'a', b'b', b'rgb9')]
    assert len(set(unknown)) == 1
    no_side = kind(RawImage(encoding=b'rgb8'))
    no_format = kind(CompressedImage(format=b'a', data=b'a'), is_compressed=True)
    assert len({*unknown, no_side, no_format}) == 3


def test_resolution_and_encoding_may_change_with_every_image():
    @some
    @given(messages.sound_images(), messages.sound_images())
    def alternate(one, other):
        for msg in (one, other, one):
            rules.check_image(msg.cdr(), is_compressed=False)

    with contextlib.redirect_stderr(io.StringIO()) as written:
        alternate()
    assert not written.getvalue()
