"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def machine() -> dict[str, Any]:
    """Return processor, system, commit and time."""
    return {
        'processor': _processor(),
        'cores': os.cpu_count(),
        'system': f'{platform.system()} {platform.machine()}, {_distribution()}',
        'commit': _commit(),
        'time': datetime.now(timezone.utc).isoformat(timespec='seconds'),
    }


def load_average() -> float:
    """Return how many processes wanted to run, on average over the last minute."""
    return round(os.getloadavg()[0], 2)


def _processor() -> str:
    known: dict[str, str] = {}
    for line in Path('/proc/cpuinfo').read_text().splitlines():
        name, _, value = line.partition(':')
        known.setdefault(name.strip(), value.strip())
    numbers = f'family {known.get("cpu family")}, model {known.get("model")}'
    return f'{known.get("model name", platform.processor())} ({numbers})'


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()['PRETTY_NAME']
    except OSError:
        return platform.release()


def _commit() -> str:
    command = ['git', '-C', str(ROOT), 'describe', '--always', '--dirty']
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return 'not a git checkout'
