"""Numbers as people read them."""

from __future__ import annotations

import math
from datetime import datetime, timezone

# Between a number and its unit, so that a line does not end there.
NBSP = '\N{NO-BREAK SPACE}'


def number_text(value: float) -> str:
    """Return a number with three digits at most behind what matters.

    Example:
        >>> number_text(0.01234), number_text(12.0), number_text(1234.5), number_text(-0.0)
        ('0.0123', '12', '1234', '0')
    """
    if not math.isfinite(value):
        return 'unknown'
    if value == 0:
        return '0'
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f'{value:.{min(digits, 6)}f}'
    text = text.rstrip('0').rstrip('.') if '.' in text else text
    return '0' if text in ('-0', '') else text


def percent_text(share: float) -> str:
    """Return a share as per cent.

    Example:
        >>> [percent_text(share).replace(NBSP, ' ') for share in (0.0312, 0.00002, 1.0)]
        ['3.1 %', 'less than 0.1 %', '100 %']
    """
    if not math.isfinite(share):
        return 'unknown'
    if 0 < share < 0.001:
        return f'less than 0.1{NBSP}%'
    percent = 100 * share
    digits = 1 if percent < 10 and percent != round(percent) else 0
    return f'{percent:.{digits}f}{NBSP}%'


def duration_text(seconds: float) -> str:
    """Return a length of time.

    Example:
        >>> [duration_text(seconds).replace(NBSP, ' ') for seconds in (0.43, 75.2, 4000)]
        ['0.43 s', '1 min 15 s', '1 h 07 min']
    """
    if seconds < 60:
        return f'{number_text(seconds)}{NBSP}s'
    if seconds < 3600:
        minutes, rest = divmod(int(seconds), 60)
        return f'{minutes}{NBSP}min {rest:02}{NBSP}s'
    hours, minutes = divmod(round(seconds / 60), 60)
    return f'{hours}{NBSP}h {minutes:02}{NBSP}min'


def clock_text(seconds: float, step: float = 1.0) -> str:
    """Return a time since the beginning, as exact as a step asks for.

    Example:
        >>> clock_text(2.5, 0.5), clock_text(20), clock_text(90), clock_text(3660, 600)
        ('2.5 s', '20 s', '1:30', '1:01:00')
    """
    if seconds < 60 and step < 60:
        return f'{seconds:.1f} s' if step < 1 else f'{seconds:.0f} s'
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{rest:02}' if hours else f'{minutes}:{rest:02}'


def date_text(stamp_ns: int) -> str:
    """Return a stamp as a date, UTC; empty if it is none, such as time since the beginning."""
    # Before 2001 a stamp is the time of a simulator, or of a video.
    if stamp_ns < 10**18:
        return ''
    return datetime.fromtimestamp(stamp_ns / 1e9, timezone.utc).strftime('%Y-%m-%d %H:%M:%S UTC')


def counted(count: int, noun: str) -> str:
    """Return how many of something.

    Example:
        >>> counted(1, 'face'), counted(12_000, 'image').replace(NBSP, ' ')
        ('1 face', '12 000 images')
    """
    number = f'{count:,}'.replace(',', NBSP)
    return f'{number} {noun}' if count == 1 else f'{number} {noun}s'
