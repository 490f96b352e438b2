"""What is counted of the node from outside, and what follows from it."""

from __future__ import annotations

import json

import pytest
from dds.hosts import Host, Hosts
from dds.network_rows import FLEETS, NetworkRow, Way, fleet_rows
from dds.processes import Memory
from dds.report import RosReport
from dds.rows import ros_row
from dds.session import Found
from dds.settings import RATE_HZ, Setting
from measuring.documents import write_section
from measuring.statistics import spread

MS, S = 10**6, 10**9
WINDOW = (10 * S, 12 * S)
PERIOD = 100 * MS


def found_of(answered: dict[str, list[int]], dropped_at: dict[int, int]) -> Found:
    """Cameras of 10 Hz, of whose images those so numbered were answered after 20 ms."""
    stamps = [number * PERIOD for number in range(80, 140)]
    counts = {
        number: sum(n for at, n in dropped_at.items() if at <= number) for number in range(140)
    }
    lines = {
        topic: [
            [number * PERIOD, number * PERIOD + 20 * MS, 15.0, counts[number], 1]
            for number in numbers
        ]
        for topic, numbers in answered.items()
    }
    images = [
        {'ns': at, 'image': [9.0, 8.0], 'networks': [6.0, 6.0], 'rest': {'decode': 1.0}}
        for at in (9 * S, 10 * S, 11 * S)
    ]
    return Found(
        window_ns=WINDOW,
        sent=dict.fromkeys(answered, stamps),
        heard={'landmarks': lines, 'bytes': {'/a/landmarks': 6448}},
        images=images,
        cpu_s=0.5,
        memories=[Memory(180.0, 2.0), Memory(200.0, 3.0)],
        watched=(None, None),
    )


def test_every_image_is_answered_dropped_or_lost():
    # Of 20 images of each camera, the second one's 105 was replaced, and its 110 never came.
    every = list(range(80, 140))
    some = [number for number in every if number not in (105, 110)]
    row = ros_row(Setting(2, 'VGA'), found_of({'/a/landmarks': every, '/b/landmarks': some}, {}))
    assert (row.sent, row.received.n, row.dropped, row.lost) == (40, 38, 0, 2)
    told = ros_row(Setting(1, 'VGA'), found_of({'/b/landmarks': some}, {85: 7, 106: 1}))
    assert (told.sent, told.received.n, told.dropped, told.lost) == (20, 18, 1, 1)
    assert row.rates_hz == (9.0, 10.0)
    assert (row.received.median, row.published.median) == (20.0, 15.0)
    assert row.cpu_ms == pytest.approx(500 / 38)
    assert row.memory.peak == 200.0
    assert (row.work.rest, row.work.rest_cpu) == (3.0, 2.0)
    assert row.work.stages == {'decode': 1.0, 'other': 2.0}


def test_the_report_shows_every_row_and_what_was_wanted():
    answered = list(range(80, 140))
    rows = [
        ros_row(setting, found_of({'/a/landmarks': answered}, {}))
        for setting in (Setting(1, 'VGA'), Setting(1, '1080p', markers=True))
    ]
    report = RosReport({}, [], rows, [0.6, 0.7])
    (latencies, _), (work, shown), (_, goals) = report.tables()
    assert 'stamp' in latencies
    assert 'thread' in work
    assert len(shown.splitlines()) == 2 + len(rows)
    assert '| beside the networks, VGA raw ' in goals
    assert json.loads(json.dumps(report.as_json()))['rows'][1]['setting']['markers'] is True


def test_a_fleet_is_reckoned_from_images_that_arrived():
    setting = Setting(1, 'VGA', 'raw')
    lossy = NetworkRow(setting, 'one', spread([10.0]), 1, 10, 0, 9, 5e5, 7e3)
    whole = NetworkRow(setting, 'other', spread([10.0]), 10, 10, 0, 0, 1e6, 7e3)
    images, landmarks = sorted(fleet_rows([lossy, whole]), key=lambda row: row.name)
    assert images.by_cameras == tuple(8 * RATE_HZ * cameras for cameras in FLEETS)
    assert landmarks.by_cameras[0] == pytest.approx(8 * RATE_HZ * FLEETS[0] * 7e-3)


def test_only_who_is_meant_is_told_how_to_carry_images():
    here = {'HOME': '/', 'FASTDDS_DEFAULT_PROFILES_FILE': 'of the user'}
    hosts = Hosts(Host(frozenset({0}), here), Host(frozenset({0}), here))
    told = Way('', {'FASTDDS_DEFAULT_PROFILES_FILE': 'ours'}, nodes_too=False).hosts(hosts)
    assert told.nodes.variables == {'HOME': '/'}
    assert told.others.variables == {'HOME': '/', 'FASTDDS_DEFAULT_PROFILES_FILE': 'ours'}


def test_a_section_is_replaced_and_nothing_else(tmp_path):
    document = tmp_path / 'page.md'
    before, after = 'above\n\n<!-- a: made by ./run bench -->', '<!-- a: end -->\n\nbelow\n'
    document.write_text(f'{before}\nold\n{after}')
    for text in ('one', 'two'):
        write_section(document, 'a', text)
        assert document.read_text() == f'{before}\n\n{text}\n\n{after}'
    with pytest.raises(ValueError, match='lacks the lines'):
        write_section(document, 'b', 'three')
