"""Copies of installed libraries in which each `cpuid` is an instruction that does not exist.

`answer_cpuid.c` answers in its place. Copies are kept by the hash of what they are of.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

# What calculates in a benchmark and chooses its instructions by itself, below site-packages.
PATTERNS = (
    'onnxruntime/capi/onnxruntime_pybind11_state.*.so',
    'openvino/libs/libopenvino.so.*',
    'openvino/libs/libopenvino_intel_cpu_plugin.so',
    'mediapipe/python/_framework_bindings.*.so',
    'mediapipe/tasks/c/libmediapipe.so',
    'cv2/cv2*.so',
    'numpy/*core/_multiarray_umath.*.so',
    '*.libs/lib*openblas*.so*',
)
PAGE = 4096
_CPUID, _REPLACED = b'\x0f\xa2', b'\x06\xa2'
_SECTION = re.compile(r'\s*\d+ \S+\s+([0-9a-f]+)\s+([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)\s')


def libraries_in(folders: Iterable[Path]) -> list[Path]:
    """Return the libraries of `PATTERNS` in folders of Python packages."""
    found = {path.resolve() for folder in folders for it in PATTERNS for path in folder.glob(it)}
    return sorted(found)


def patched_copy(library: Path, folder: Path) -> Path:
    """Return the copy of a library in a folder, where it is made if it is not there yet."""
    content = bytearray(library.read_bytes())
    copy = folder / f'{hashlib.sha256(content).hexdigest()[:16]}-{library.name}'
    if not copy.exists():
        print(f'hiding AVX-512 from {library.name}, once', file=sys.stderr, flush=True)
        for offset in _offsets_of_cpuid(library):
            assert content[offset : offset + 2] == _CPUID
            content[offset : offset + 2] = _REPLACED
        replace_file(copy, content)
    return copy


def replace_file(path: Path, content: bytes | bytearray) -> None:
    """Write a file anew; who has the one before it open, or mounted, keeps that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + '.new')
    with new.open('wb', buffering=0) as file:
        # The kernel keeps what is written at once in large pieces, and maps those as a whole: the
        # copy of a library would count as more memory than the library (40 MB of 130).
        for begin in range(0, len(content), PAGE):
            file.write(content[begin : begin + PAGE])
    new.replace(path)


def _offsets_of_cpuid(library: Path) -> list[int]:
    """Return where in the file the instruction is; its two bytes alone may be part of others."""
    sections = [
        [int(number, 16) for number in found.groups()]
        for found in map(_SECTION.match, _lines_of(['objdump', '-h', str(library)]))
        if found
    ]
    disassembled = subprocess.Popen(
        ['objdump', '-d', '--no-show-raw-insn', str(library)], stdout=subprocess.PIPE
    )
    # A gigabyte of text, of which some dozen lines remain.
    lines = _lines_of(['grep', '-E', '\tcpuid *$'], disassembled)
    offsets = []
    for address in (int(line.partition(':')[0], 16) for line in lines):
        offsets += [
            offset + address - start
            for size, start, offset in sections
            if start <= address < start + size
        ][:1]
    return offsets


def _lines_of(command: list[str], before: subprocess.Popen[bytes] | None = None) -> list[str]:
    stdin = before.stdout if before else None
    with_output = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE, text=True)
    if before and before.wait() != 0:
        raise subprocess.CalledProcessError(before.returncode, before.args)
    return with_output.stdout.splitlines()
