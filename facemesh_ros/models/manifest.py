"""The store's manifest: what each model was made from, and the hash of each file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from facemesh_ros.models.files import write_atomically

FILE_NAME = 'manifest.json'


@dataclass(frozen=True, slots=True)
class Record:
    """One converted model.

    Attributes:
        tflite_sha256: Of the original.
        source: Where the original came from, for people.
        converter_version: Which converter made the files.
        files: SHA-256 of each ONNX file by its name.
        time: When, ISO 8601 in UTC.
    """

    tflite_sha256: str
    source: str
    converter_version: str
    files: Mapping[str, str]
    time: str


def read_manifest(folder: Path) -> dict[str, Record]:
    """Return the records by model name; none if the manifest is absent or unreadable.

    An unreadable manifest vouches for nothing, so its models count as missing and are converted
    anew from the kept originals.
    """
    try:
        entries = json.loads((folder / FILE_NAME).read_text('utf-8'))['models']
        return {name: Record(**entry) for name, entry in entries.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_manifest(folder: Path, records: Mapping[str, Record]) -> None:
    """Replace the manifest."""
    entries = {name: asdict(record) for name, record in sorted(records.items())}
    text = json.dumps({'models': entries}, indent=2) + '\n'
    write_atomically(folder / FILE_NAME, text.encode())
