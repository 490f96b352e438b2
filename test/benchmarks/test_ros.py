"""Evaluation of the node's measurements through ROS and over a network."""

from __future__ import annotations

import json

import pytest
from common.report import Report, write_section
from common.timings import spread
from network import DdsTransport, transfer_row
from ros_graph.goals import goal_table
from ros_graph.hosts import Host, Hosts
from ros_graph.processes import Memory
from ros_graph.rows import session_row, session_tables
from ros_graph.session import Session, Start
from ros_graph.settings import RATE_HZ, Setting

MS, S = 10**6, 10**9
WINDOW = (10 * S, 12 * S)
PERIOD = 100 * MS


def session_of(answered: dict[str, list[int]], dropped_at: dict[int, int]) -> Session:
    """Cameras of 10 Hz; the images with these numbers were answered after 20 ms."""
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
        {
            'ns': at,
            'taken': [0.5, 0.5],
            'image': [9.0, 8.0],
            'inference': [6.0, 6.0],
            'stages': {'decode': 1.0},
        }
        for at in (9 * S, 10 * S, 11 * S)
    ]
    return Session(
        window_ns=WINDOW,
        sent=dict.fromkeys(answered, stamps),
        heard={'landmarks': lines, 'bytes': {'/a/landmarks': 6448}},
        images=images,
        cpu_s=0.5,
        memories=[Memory(180.0, 2.0), Memory(200.0, 3.0)],
        watched=(None, None),
    )


def counts_of(row):
    return row['sent'], row['received'].n, row['dropped'], row['lost']


def test_every_image_is_answered_dropped_or_lost():
    # Of 20 images of each camera, the second one's 105 was replaced, and its 110 never came.
    every = list(range(80, 140))
    some = [number for number in every if number not in (105, 110)]
    two = session_of({'/a/landmarks': every, '/b/landmarks': some}, {})
    row = session_row(Setting(2, 'VGA'), two)
    assert counts_of(row) == (40, 38, 0, 2)
    counted = session_row(Setting(1, 'VGA'), session_of({'/b/landmarks': some}, {85: 7, 106: 1}))
    assert counts_of(counted) == (20, 18, 1, 1)
    assert (row['slowest_hz'], row['fastest_hz']) == (9.0, 10.0)
    assert (row['received'].median, row['published'].median) == (20.0, 15.0)
    assert row['cpu_ms'] == pytest.approx(500 / 38)
    assert row['memory'].peak == 200.0
    assert (row['rest'], row['rest_cpu']) == (3.0, 2.0)
    assert row['stages'] == {'decode': 1.0, 'other': 2.0}


def test_the_report_shows_every_row_and_the_goals():
    answered = list(range(80, 140))
    rows = [
        session_row(setting, session_of({'/a/landmarks': answered}, {}))
        for setting in (Setting(1, 'VGA'), Setting(1, '1080p', markers=True))
    ]
    tables = [*session_tables(rows), goal_table(rows, [Start(0.6, 0.5), Start(0.7, 0.5)])]
    latencies, work, goals = tables
    assert 'stamp' in latencies.title
    assert 'thread' in work.title
    assert len(work.as_text().splitlines()) == 2 + len(rows)
    assert '| outside of inference, VGA raw ' in goals.as_text()
    assert ' 0.65 s, at most 0.70 s of 2; processor 0.50 s ' in goals.as_text()
    report = json.loads(Report('', {}, (), tables).as_json())
    assert report['rows'][1]['setting']['markers'] is True


@pytest.mark.parametrize(('numbers', 'met'), [(range(80, 140), 'yes'), (range(80, 140, 2), 'no')])
def test_goals_of_many_large_cameras(numbers, met):
    """At 10 results a second, and without the memory that cameras share with the node."""
    setting = Setting(8, '1080p', 'raw', shared=True)
    row = session_row(setting, session_of({'/a/landmarks': list(numbers)}, {}))
    row['memory'] = Memory(peak=380.0, shared=50.0)
    lines = goal_table([row], []).as_text().splitlines()
    (rate,) = (line for line in lines if '| results, 8 cameras 1080p raw, 1 node' in line)
    assert met in rate
    (memory,) = (line for line in lines if '| memory, several cameras' in line)
    assert '346 MB and 52 shared' in memory
    assert 'yes' in memory


def test_bytes_on_the_wire_are_per_image_and_per_answer():
    setting = {'size': 'VGA', 'transport': 'raw', 'markers': False}
    row = {'setting': setting, 'received': spread([10.0]), 'sent': 10, 'dropped': 0, 'lost': 9}
    found = transfer_row(row, 'one', 1e7, 7e3)
    assert (found['there_kb'], found['back_kb']) == (1000, 7)
    assert found['mbit_per_s'] == pytest.approx(8 * RATE_HZ)
    assert found['back_mbit_per_s'] == pytest.approx(8 * RATE_HZ * 7e-3)


def test_only_the_chosen_hosts_get_the_dds_configuration():
    here = {'HOME': '/', 'FASTDDS_DEFAULT_PROFILES_FILE': 'of the user'}
    hosts = Hosts(Host(frozenset({0}), here), Host(frozenset({0}), here))
    ours = {'FASTDDS_DEFAULT_PROFILES_FILE': 'ours'}
    configured = DdsTransport('', ours, nodes_too=False).hosts(hosts)
    assert configured.nodes.variables == {'HOME': '/'}
    assert configured.others.variables == {'HOME': '/', 'FASTDDS_DEFAULT_PROFILES_FILE': 'ours'}


def test_a_section_is_replaced_and_nothing_else(tmp_path):
    document = tmp_path / 'page.md'
    before, after = 'above\n\n<!-- a: made by ./run bench -->', '<!-- a: end -->\n\nbelow\n'
    document.write_text(f'{before}\nold\n{after}')
    for text in ('one', 'two'):
        write_section(document, 'a', text)
        assert document.read_text() == f'{before}\n\n{text}\n\n{after}'
    with pytest.raises(ValueError, match='lacks the lines'):
        write_section(document, 'b', 'three')
