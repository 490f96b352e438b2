"""The machine and code that figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Set in processes from which AVX-512 is hidden, see `without_avx512`.
HIDDEN_AVX512 = 'FACEMESH_BENCH_WITHOUT_AVX512'


def machine() -> dict[str, Any]:
    """Return processor, system, commit and time."""
    hidden = {'instructions': 'AVX2 (AVX-512 hidden)'} if os.environ.get(HIDDEN_AVX512) else {}
    return {
        'processor': _processor(),
        **hidden,
        'cores': os.cpu_count(),
        'system': f'{platform.system()} {platform.machine()}, {_distribution()}',
        'commit': _commit(),
        'time': datetime.now(timezone.utc).isoformat(timespec='seconds'),
    }


def conditions(before: float, **facts: Any) -> dict[str, Any]:
    """Return machine, versions and further facts of a measurement that has just ended.

    Args:
        before: `cores_in_use()` before it.
        **facts: To be listed after the machine.
    """
    busy = {'cores in use before and after': [before, cores_in_use()]}
    return {**machine(), **facts, **busy}


def cores_in_use(period_s: float = 1.0) -> float:
    """Return how many cores are busy during the next period; call it while nothing is measured.

    The load average would not do: it includes what ended minutes ago, such as the benchmark before
    this one.
    """
    before, started_s = busy_s(), time.monotonic()
    time.sleep(period_s)
    return round((busy_s() - before) / (time.monotonic() - started_s), 2)


def busy_s() -> float:
    """Time that all cores together were busy, or stolen by a hypervisor, since boot."""
    user, nice, system, _, _, *interrupts_and_stolen = (
        int(ticks) for ticks in Path('/proc/stat').read_text().split(maxsplit=9)[1:9]
    )
    ticks = user + nice + system + sum(interrupts_and_stolen)
    return ticks / os.sysconf('SC_CLK_TCK')


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
    """Return the commit; -dirty if anything but the pages of figures has changed since."""
    code = ('.', ':(exclude)docs')
    try:
        changed = _git('status', '--porcelain', '--', *code)
        return _git('rev-parse', '--short', 'HEAD') + ('-dirty' if changed else '')
    except (OSError, subprocess.CalledProcessError):
        return 'not a git checkout'


def _git(*arguments: str) -> str:
    command = ['git', '-C', str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
