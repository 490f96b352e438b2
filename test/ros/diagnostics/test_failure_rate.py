"""Of the last images, how many have to go wrong until it is told, and how badly."""

from __future__ import annotations

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from facemesh_ros.ros.diagnostics.failure_rate import outcome_findings
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.diagnostics.recent_images import CountHistory


def found(fails_always=False, **counts):
    return list(
        outcome_findings(
            ImageCounts(**counts),
            error='it is broken',
            age_limit_s=0.5,
            cure='make room',
            fails_always=fails_always,
        )
    )


@pytest.mark.parametrize(
    'counts',
    [
        {},
        {'received': 150, 'processed': 150},
        {'received': 150, 'processed': 149, 'failed': 1},
        {'received': 10, 'processed': 10, 'lost': 1},
        {'received': 150, 'processed': 80, 'dropped': 70},
        {'received': 150, 'processed': 100, 'too_old': 50},
    ],
)
def test_a_little_is_nobodys_concern(counts):
    assert found(**counts) == []


@pytest.mark.parametrize(
    ('counts', 'text'),
    [
        ({'received': 10, 'processed': 5, 'failed': 5}, '5 of 10 images failed: it is broken'),
        ({'received': 150, 'processed': 150, 'lost': 6}, '6 of 156 images got lost'),
        ({'received': 35, 'processed': 35, 'lost': 115}, 'make room'),
        ({'received': 150, 'processed': 40, 'dropped': 110}, '110 of 150 images were replaced'),
        ({'received': 150, 'processed': 50, 'too_old': 100}, 'max_image_age (0.5 s)'),
    ],
)
def test_what_is_more_is_a_warning_with_the_way_out(counts, text):
    (finding,) = found(**counts)
    assert finding.level == DiagnosticStatus.WARN
    assert text in finding.text


@pytest.mark.parametrize(
    ('counts', 'text'), [({'failed': 10}, 'it is broken'), ({'too_old': 10}, 'max_image_age')]
)
def test_when_nothing_comes_out_it_is_an_error(counts, text):
    (finding,) = found(fails_always=True, received=10, **counts)
    assert finding.level == DiagnosticStatus.ERROR
    assert text in finding.text


def recent_of(*reports):
    """Reports that each say how many were processed and how many failed."""
    counts = ImageCounts(processed=1000)  # of an earlier life
    recent = CountHistory(counts)
    for processed, failed in reports:
        counts.processed += processed
        counts.failed += failed
        recent.report()
    return recent


def test_recent_is_what_happened_since():
    recent = recent_of((30, 0), (29, 1), (0, 30))
    assert recent.over(1) == ImageCounts(failed=30)
    assert recent.over(2) == ImageCounts(processed=29, failed=31)
    assert recent.over(60) == ImageCounts(processed=59, failed=31)


@pytest.mark.parametrize(
    ('reports', 'always'),
    [
        ([], False),
        ([(0, 0)], False),
        ([(30, 0), (0, 30), (0, 30)], True),
        ([(30, 0), (1, 29), (0, 30)], False),
        ([(0, 30), (0, 30), (30, 0)], False),
        # One image in two seconds, every other of which fails.
        ([(0, 1), (0, 0), (1, 0), (0, 0), (0, 1)], False),
        ([(0, 0), (0, 1), (0, 0)], True),
    ],
)
def test_it_fails_always_once_the_last_two_reports_say_so(reports, always):
    assert recent_of(*reports).fails_always(5) == always
