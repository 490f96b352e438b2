"""`facemesh run --share`: parts of a run, which together are the run."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import bag_of

from facemesh_ros.cli.main import main
from facemesh_ros.cli.shares import Share, sources_of
from facemesh_ros.io import MediaSource, SourceKind

NAMES = st.text(st.characters(exclude_characters='/\0', exclude_categories=['Cs']), min_size=1)


def sources(names: list[str]) -> list[MediaSource]:
    return [MediaSource(SourceKind.VIDEO, (Path('archive', name),)) for name in names]


@given(st.lists(NAMES, max_size=30), st.integers(1, 12), st.randoms())
def test_each_source_is_in_one_share_whatever_else_is_there(names, count, random):
    shares = [Share(number, count) for number in range(1, count + 1)]
    parts = [sources_of(share, sources(names)) for share in shares]
    assert sorted(chain(*parts), key=str) == sorted(sources(names), key=str)
    # Another order, and an archive from which some are gone: each stays in its share.
    fewer = random.sample(names, len(names) // 2)
    for share, part in zip(shares, parts, strict=True):
        assert sources_of(share, sources(fewer)) == [it for it in sources(fewer) if it in part]


@given(st.integers(1, 12), st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_no_id_is_given_by_two_shares(count, ids):
    given_ids = [
        set(Share(number, count).ids(np.array(ids, np.int64)).tolist())
        for number in range(1, count + 1)
    ]
    assert len(set().union(*given_ids)) == sum(map(len, given_ids)) == count * len(set(ids))
    assert min(min(some) for some in given_ids) >= 1


def test_shares_of_an_archive_are_about_equal():
    """A binomial count: five standard deviations hold but once in a million."""
    names = [f'2026-11-{day:02}/{number:04}.mp4' for day in range(1, 31) for number in range(40)]
    for number in range(1, 6):
        taken = len(sources_of(Share(number, 5), sources(names)))
        assert abs(taken - 240) < 5 * np.sqrt(1200 * 0.2 * 0.8)


def test_names_of_shares_sort_as_their_numbers():
    named = [str(Share(number, 12).named(Path('out/faces.jsonl'))) for number in range(1, 13)]
    assert named[1] == 'out/faces.02of12.jsonl'
    assert named == sorted(named)


def lines_in(text: str) -> list[dict]:
    return sorted(
        ({**json.loads(line), 'ms': 0} for line in text.splitlines()),
        key=lambda line: (line['source'], line['frame']),
    )


def test_the_shares_of_a_run_joined_are_the_run(place, capsys):
    inputs = [str(path) for path in sorted(place.iterdir())]
    options = ['--model', 'mesh']
    assert main(['run', *inputs, '--jsonl', 'all.jsonl', '--bag', 'all', *options]) == 0
    outputs = ['--jsonl', 'part.jsonl', '--bag', 'bags', '--video', 'pictures']
    for number in range(1, 4):
        share = ['--share', f'{number}/3', *options]
        assert main(['run', *reversed(inputs), *outputs, *share]) == 0
    parts = [Path(f'part.{number}of3.jsonl').read_text() for number in range(1, 4)]
    joined, whole = lines_in(''.join(parts)), lines_in(Path('all.jsonl').read_text())
    assert [len(Path(f'pictures.{n}of3').glob('*') and [*Path(f'pictures.{n}of3').iterdir()])
            for n in range(1, 4)] == [part.count('\n') for part in parts]  # fmt: skip
    ids = [face.pop('id') for line in joined for face in line['faces'] if 'topic' not in line]
    assert len(set(ids)) == len(ids) == len(inputs) - 2  # a face a picture, an id each
    for line in whole:
        for face in line['faces']:
            if 'topic' not in line:
                face.pop('id')
    assert joined == whole
    for name in ('bag0.mcap', 'bag1.mcap'):
        assert Path('bags', name).stat().st_size > 0
    assert sorted(path.name for path in Path('bags').iterdir()) == ['bag0.mcap', 'bag1.mcap']
    assert 'share' not in capsys.readouterr().out


def test_a_share_without_a_file_writes_an_empty_part(workplace, capsys):
    statuses = [
        main(['run', 'face.png', '--jsonl', 'part.jsonl', '--share', f'{number}/3'])
        for number in range(1, 4)
    ]
    assert statuses == [0, 0, 0]
    lines = [Path(f'part.{number}of3.jsonl').read_text().count('\n') for number in range(1, 4)]
    assert sorted(lines) == [0, 0, 1]
    assert capsys.readouterr().err.count('no file is in this share') == 2


@pytest.fixture
def place(workplace, head, require_models) -> Path:
    """A folder of pictures and recordings."""
    require_models('mesh')
    folder = workplace / 'archive'
    folder.mkdir()
    for number, letter in enumerate('abcdefgh'):
        cv2.imwrite(str(folder / f'{letter}x.png'), np.roll(head, 3 * number, axis=1))
    for number in range(2):
        bag_of([head] * 2).write(folder / f'bag{number}')
    return folder
