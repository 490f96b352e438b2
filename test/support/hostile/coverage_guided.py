"""Atheris on one kind of files: `python coverage_guided.py KIND SECONDS`; see `./run fuzz files`.

Inputs that reached new code are kept beside atheris, and go on from there the next time.
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

import atheris

READERS = ['facemesh_ros.io', 'facemesh_ros.models', 'facemesh_ros.messages', 'mcap', 'yaml']
with (
    contextlib.redirect_stderr(io.StringIO()),  # a line for each module
    atheris.instrument_imports(include=[*READERS, 'facemesh_ros.geometry', 'zipfile']),
):
    from hostile.files import FILE_KINDS

MAX_BYTES, MAX_MEMORY_MB = 20_000, 2000


def main(kind: str, seconds: str) -> None:
    files = FILE_KINDS[kind]
    corpus = Path(atheris.__file__).parents[1] / 'corpus' / kind.replace(' ', '_')
    corpus.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(files.sound()):
        (corpus / f'sound_{number}').write_bytes(content)
    options = {
        'max_total_time': seconds,
        'max_len': MAX_BYTES,
        'seed': 1,
        'rss_limit_mb': MAX_MEMORY_MB,
        'timeout': 20,
        'artifact_prefix': f'{corpus.parent}/broken_{corpus.name}_',
        'print_final_stats': 1,
        'verbosity': 0,
    }
    flags = [f'-{name}={value}' for name, value in options.items()]
    atheris.Setup(
        [sys.argv[0], str(corpus), *flags], lambda content: files.check(content) and None
    )
    atheris.Fuzz()


if __name__ == '__main__':
    main(*sys.argv[1:])
