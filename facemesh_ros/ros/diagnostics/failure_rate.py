"""Checks whether too many of a camera's last images failed, were too old, lost or dropped."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostic_msgs.msg import DiagnosticStatus

from facemesh_ros.ros.diagnostics.finding import Finding
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts

# The share of the images from which a finding is reported.
FAILED, LOST, DROPPED, TOO_OLD = 0.03, 0.03, 0.5, 0.5
# A single lost image is no problem.
MIN_LOST = 2
LOG_PERIOD_S = 60.0


def failure_findings(
    recent: ImageCounts, *, error: str, max_age_s: float, loss_remedy: str, all_failed: bool
) -> Iterator[Finding]:
    """Yield what is wrong with the last images, the worst first.

    `error` is that of the last image that failed; `all_failed`: whether none is processed now.
    """
    level = DiagnosticStatus.ERROR if all_failed else DiagnosticStatus.WARN
    tried = recent.processed + recent.failed + recent.too_old
    if recent.failed and (all_failed or recent.failed >= FAILED * tried):
        text = error if all_failed else f'{recent.failed} of {tried} images failed: {error}'
        yield Finding(text, level=level)
    if recent.too_old and (all_failed or recent.too_old >= TOO_OLD * tried):
        yield Finding(
            f'{recent.too_old} of {tried} images were {too_old_text(max_age_s)}', level=level
        )
    sent = recent.received + recent.lost
    if recent.lost >= max(MIN_LOST, LOST * sent):
        text = f'{recent.lost} of {sent} images were lost in transport: {loss_remedy}'
        yield Finding(text, 'lost', LOG_PERIOD_S)
    if recent.dropped > DROPPED * recent.received:
        yield Finding(
            f'{recent.dropped} of {recent.received} images were replaced by newer ones before '
            'they were processed: this machine is too slow for this rate; smaller images or '
            'fewer cameras help',
            'dropped',
            LOG_PERIOD_S,
        )


def too_old_text(max_age_s: float) -> str:
    """Return what images that exceed `max_image_age` are, with the possible causes."""
    return (
        f"older than max_image_age ({max_age_s:g} s): is the camera's clock synchronised with "
        "this machine's, or is the machine too slow?"
    )
