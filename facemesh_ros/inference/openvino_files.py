"""Models as OpenVINO has compiled them, kept on disk: they load five times as fast."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from facemesh_ros.inference.cache_folder import default_folder
from facemesh_ros.inference.openvino_runtime import openvino_machine
from facemesh_ros.models.files import sha256_of, write_atomically


@dataclass(frozen=True, slots=True)
class CompiledFile:
    """One that is kept.

    Attributes:
        metadata: Of the model file that it was compiled from.
        outputs: Its names of the outputs, in their order; what is compiled adds some of its own.
        content: OpenVINO's own bytes, for the release and the processor that compiled them.
    """

    metadata: Mapping[str, str]
    outputs: tuple[str, ...]
    content: bytes


def read_compiled(onnx: bytes) -> CompiledFile | None:
    """Return what is kept of a model file; None if there is none, or it is not whole."""
    try:
        head, _, content = _path(onnx).read_bytes().partition(b'\n')
        known = json.loads(head)
        is_whole = known['sha256'] == sha256_of(content)
        kept = CompiledFile(known['metadata'], tuple(known['outputs']), content)
        return kept if is_whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_compiled(onnx: bytes, kept: CompiledFile) -> None:
    """Keep a compiled model, if the folder can be written."""
    known = {'metadata': dict(kept.metadata), 'outputs': kept.outputs}
    head = json.dumps({**known, 'sha256': sha256_of(kept.content)}).encode()
    with contextlib.suppress(OSError):  # the next start compiles it again, for .1 to .5 s
        write_atomically(_path(onnx), head + b'\n' + kept.content)


def discard_compiled(onnx: bytes) -> None:
    """Keep it no longer."""
    with contextlib.suppress(OSError):
        _path(onnx).unlink(missing_ok=True)


def _path(onnx: bytes) -> Path:
    return default_folder() / 'openvino' / openvino_machine() / f'{sha256_of(onnx)[:16]}.model'
