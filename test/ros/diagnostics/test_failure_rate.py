"""How many of the last images must fail, be lost or dropped for a finding, and of which level."""

from __future__ import annotations

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from facemesh_ros.ros.diagnostics.failure_rate import failure_findings
from facemesh_ros.ros.diagnostics.image_counts import CountHistory, ImageCounts


def found(all_failed=False, **counts):
    return list(
        failure_findings(
            ImageCounts(**counts),
            error='it is broken',
            max_age_s=0.5,
            loss_remedy='make room',
            all_failed=all_failed,
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
def test_a_few_failures_are_no_finding(counts):
    assert found(**counts) == []


@pytest.mark.parametrize(
    ('counts', 'text'),
    [
        ({'received': 10, 'processed': 5, 'failed': 5}, '5 of 10 images failed: it is broken'),
        ({'received': 150, 'processed': 150, 'lost': 6}, '6 of 156 images were lost'),
        ({'received': 35, 'processed': 35, 'lost': 115}, 'make room'),
        ({'received': 150, 'processed': 40, 'dropped': 110}, '110 of 150 images were replaced'),
        ({'received': 150, 'processed': 50, 'too_old': 100}, 'max_image_age (0.5 s)'),
    ],
)
def test_more_failures_are_a_warning_with_the_remedy(counts, text):
    (finding,) = found(**counts)
    assert finding.level == DiagnosticStatus.WARN
    assert text in finding.text


@pytest.mark.parametrize(
    ('counts', 'text'), [({'failed': 10}, 'it is broken'), ({'too_old': 10}, 'max_image_age')]
)
def test_when_no_image_is_processed_it_is_an_error(counts, text):
    (finding,) = found(all_failed=True, received=10, **counts)
    assert finding.level == DiagnosticStatus.ERROR
    assert text in finding.text


def history_of(*reports):
    """Return the history of reports, each of images processed and failed."""
    counts = ImageCounts(processed=1000)  # before it was activated
    history = CountHistory(counts)
    for processed, failed in reports:
        counts.processed += processed
        counts.failed += failed
        history.add_report()
    return history


def test_changes_are_summed_over_reports():
    history = history_of((30, 0), (29, 1), (0, 30))
    assert history.over(1) == ImageCounts(failed=30)
    assert history.over(2) == ImageCounts(processed=29, failed=31)
    assert history.over(60) == ImageCounts(processed=59, failed=31)


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
def test_all_failed_once_the_last_two_reports_say_so(reports, always):
    assert history_of(*reports).all_failed(5) == always
