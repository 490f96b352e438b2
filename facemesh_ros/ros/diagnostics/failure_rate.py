"""Whether too many of a camera's last images did not come out."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostic_msgs.msg import DiagnosticStatus

from facemesh_ros.ros.diagnostics.finding import Finding
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts

# From which share of the images it is told.
FAILED, LOST, DROPPED, TOO_OLD = 0.03, 0.03, 0.5, 0.5
# A single one that is lost is nobody's concern.
LEAST_LOST = 2
LOG_PERIOD_S = 60.0


def outcome_findings(
    recent: ImageCounts, *, error: str, age_limit_s: float, cure: str, fails_always: bool
) -> Iterator[Finding]:
    """Yield what is wrong with the last images, the worst first.

    Args:
        recent: What became of them.
        error: Why the last one of those that failed did.
        age_limit_s: `max_image_age`.
        cure: What to do about images that get lost.
        fails_always: Whether none comes out any more.
    """
    level = DiagnosticStatus.ERROR if fails_always else DiagnosticStatus.WARN
    tried = recent.processed + recent.failed + recent.too_old
    if recent.failed and (fails_always or recent.failed >= FAILED * tried):
        share = error if fails_always else f'{recent.failed} of {tried} images failed: {error}'
        yield Finding(share, level=level)
    if recent.too_old and (fails_always or recent.too_old >= TOO_OLD * tried):
        yield Finding(
            f'{recent.too_old} of {tried} images were older than max_image_age '
            f"({age_limit_s:g} s): is the camera's clock in step with this machine's, or the "
            'machine too slow?',
            level=level,
        )
    sent = recent.received + recent.lost
    if recent.lost >= max(LEAST_LOST, LOST * sent):
        text = f'{recent.lost} of {sent} images got lost on the way: {cure}'
        yield Finding(text, 'lost', LOG_PERIOD_S)
    if recent.dropped > DROPPED * recent.received:
        yield Finding(
            f'{recent.dropped} of {recent.received} images were replaced by newer ones before '
            'their turn: this machine is too slow for so many; smaller images or fewer cameras '
            'help',
            'dropped',
            LOG_PERIOD_S,
        )
