"""Hostile messages against the decoders: a result that keeps its promise, or an error for people.

Longer: `./run fuzz messages --cases 100000`.
"""

from __future__ import annotations

import contextlib
import io

import pytest
from hostile import messages, rules
from hostile.cdr import CameraInfo, CompressedImage, Header, RawImage
from hostile.encoded import CORPUS, content_of
from hypothesis import HealthCheck, given, settings

from facemesh_ros.errors import kind_of
from facemesh_ros.image.raw_image import ImageError
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
@given(messages.wrong(messages.sound_infos()))
def test_a_calibration_is_understood_or_refused(info):
    rules.check_info(rules.as_msg(info))


@pytest.mark.parametrize('name', CORPUS)
def test_no_encoded_image_writes_to_the_log(name, capfd):
    """Codecs of C would, past Python: a line for each damaged image of a stream."""
    rules.check_image(CompressedImage(data=content_of(name)).cdr(), is_compressed=True)
    assert capfd.readouterr() == ('', '')


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
    assert rules.check_info(rules.as_msg(info)) == 'refused'


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
