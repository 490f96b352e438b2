"""Hostile files: calibrations, recordings, archives of models, lines of results.

Longer, and led by coverage: `./run fuzz files --seconds 600`.
"""

from __future__ import annotations

import json

import pytest
import zstandard
from hostile.encoded import damaged
from hostile.files import FILE_KINDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

some = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize('kind', FILE_KINDS.values(), ids=FILE_KINDS)
def test_a_damaged_file_is_read_or_refused(kind):
    sound = list(kind.sound())
    for content in sound:
        kind.check(content)

    @some
    @given(st.sampled_from(sound).flatmap(damaged) | st.binary(max_size=80))
    def check(content):
        kind.check(content)

    check()


ALIASES = b'\n'.join(
    [b'a0: &a0 [x, x]', *(b'a%d: &a%d [*a%d, *a%d]' % (i, i, i - 1, i - 1) for i in range(1, 40))]
)
K = b'k: [600, 0, 319.5, 0, 600, 239.5, 0, 0, 1]\n'
BAD_CALIBRATIONS = {
    'nested yaml': b'[' * 5000,
    'nested json': b'{"a":' * 5000,
    'nested lines': b'{}\n' + b'{"a":' * 5000,
    'a name that fills the memory': (
        ALIASES + b'\nwidth: 640\nheight: 480\n' + K + b'distortion_model: *a39\n'
    ),
    'a date that is none': b'width: 2001-99-99',
    'a number that is none': b'width: !!int ""',
    'a side without end': b'width: 1%s\nheight: 480\n' % (b'0' * 400) + K,
    'a region without end': (b'width: 640\nheight: 480\nroi: {width: 1%s}\n' % (b'0' * 400) + K),
}


@pytest.mark.parametrize('name', BAD_CALIBRATIONS)
def test_a_calibration_that_is_a_trap_is_refused(name):
    assert FILE_KINDS['calibration'].check(BAD_CALIBRATIONS[name]) == 'refused'


def test_a_packed_message_that_claims_terabytes_is_refused():
    from hostile.files import database

    claim = bytearray(zstandard.ZstdCompressor(write_content_size=True).compress(bytes(2**17)))
    # RFC 8878: magic, a descriptor, then, of this size, four bytes; let it be eight, all ones.
    claim[4] |= 0xC0
    bomb = bytes(claim[:5]) + b'\xff' * 7 + b'\x0f' + bytes(claim[9:])
    assert FILE_KINDS['sqlite'].check(database(bomb)) == 'refused'


@pytest.mark.parametrize(
    'line', ['[' * 5000, '{"stamp_ns": 1e999}', '{}', '[]', '7', 'null', '\0', '"\\ud800"']
)
def test_a_line_that_is_none_of_ours_is_refused(line):
    assert FILE_KINDS['json lines'].check(line.encode()) == 'refused'


def test_absurd_numbers_in_lines_are_refused_or_read():
    (_, sound, _) = FILE_KINDS['json lines'].sound()
    for value in (None, '', [], {}, -1, 2**80, 1e308, float('nan'), 'f00001', [[[]]]):
        for name in json.loads(sound):
            FILE_KINDS['json lines'].check(json.dumps({**json.loads(sound), name: value}).encode())
        for name in json.loads(sound)['faces'][0]:
            line = json.loads(sound)
            line['faces'][0][name] = value
            FILE_KINDS['json lines'].check(json.dumps(line).encode())
