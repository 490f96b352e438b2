"""Hostile files: calibrations, recordings, archives of models, lines of results.

Longer, and led by coverage: `./run fuzz files --seconds 600`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest
import zstandard
from hostile.encoded import damaged
from hostile.files import FILE_KINDS, database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facemesh_ros.io.errors import UnreadableError
from facemesh_ros.io.recordings.recording import Recording

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
    claim = bytearray(zstandard.ZstdCompressor(write_content_size=True).compress(bytes(2**17)))
    # RFC 8878: magic, a descriptor, then, of this size, four bytes; let it be eight, all ones.
    claim[4] |= 0xC0
    bomb = bytes(claim[:5]) + b'\xff' * 7 + b'\x0f' + bytes(claim[9:])
    assert FILE_KINDS['sqlite'].check(database(bomb)) == 'refused'


ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT'
TRAPS = {
    'topics without end': (
        'DROP TABLE topics;'
        f'CREATE VIEW topics AS {ENDLESS} i id, "/t" || i name, "T" type, '
        '"cdr" serialization_format FROM n;'
    ),
    'messages without end': (
        'DROP TABLE messages;'
        f'CREATE VIEW messages AS {ENDLESS} i id, 1 topic_id, i timestamp, i data FROM n;'
    ),
    'Messages without end': (
        'DROP TABLE messages;'
        f'CREATE VIEW Messages AS {ENDLESS} i id, 1 topic_id, i timestamp, i data FROM n;'
    ),
    'messages of a gigabyte': (
        'DROP TABLE messages; CREATE TABLE messages(id INTEGER, topic_id INTEGER, timestamp, '
        'data AS (zeroblob(999999999))); INSERT INTO messages VALUES (1, 1, 1);'
    ),
    'a table that is none': (
        'DROP TABLE messages; CREATE VIRTUAL TABLE messages USING fts4(id, topic_id, timestamp, '
        'data);'
    ),
}


@pytest.mark.parametrize('name', TRAPS)
def test_a_database_that_calculates_instead_of_storing_is_refused(name, tmp_path):
    path = tmp_path / 'trap.db3'
    path.write_bytes(database(b''))
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.executescript(TRAPS[name])
    with pytest.raises(UnreadableError, match=r'instead of storing them, .* record it again'):
        Recording(path)


def test_a_packed_recording_that_claims_more_than_the_disk_has_is_refused():
    # RFC 8878: magic, a descriptor with a size of eight bytes and one segment, that size.
    claim = b'\x28\xb5\x2f\xfd\xe0' + (2**60).to_bytes(8, 'little')
    assert FILE_KINDS['packed'].check(claim + zstandard.compress(b'')[5:]) == 'refused'


READ = """\
import sys
from pathlib import Path
from facemesh_ros.errors import FacemeshError
from facemesh_ros.io.recordings.recording import Recording
try:
    with Recording(Path(sys.argv[1])) as recording:
        print(*recording.topics)
except FacemeshError as error:
    print(error)
"""


def test_a_packed_recording_that_fills_the_disk_is_refused_and_leaves_room(tmp_path):
    namespace = ['unshare', '--map-root-user', '--mount']
    if not shutil.which('unshare') or subprocess.run([*namespace, 'true']).returncode:
        pytest.skip('this system lets no process mount for itself')
    disk, bomb, sound = tmp_path / 'disk', tmp_path / 'bomb.db3.zstd', tmp_path / 'a.db3.zstd'
    disk.mkdir()
    packer = zstandard.ZstdCompressor().compressobj()  # which does not know the size
    blocks = [packer.compress(bytes(2**20)) for _ in range(64)]
    bomb.write_bytes(b''.join([*blocks, packer.flush()]))
    sound.write_bytes(zstandard.compress(database(b'')))
    script = 'mount -t tmpfs -o size=8m tmpfs "$1" && "$2" -c "$3" "$4" && "$2" -c "$3" "$5"'
    names = (disk, sys.executable, READ, bomb, sound)
    done = subprocess.run(
        [*namespace, 'bash', '-c', script, 'bash', *map(str, names)],
        env={**os.environ, 'TMPDIR': str(disk)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == (
        f'{bomb} unpacks to more than the 7 MiB that are left for it in {disk}: set TMPDIR to a '
        'folder with more room, or unpack it by `zstd -d`\n/image_raw\n'
    ), done


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
