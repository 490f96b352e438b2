"""Fills the store from the first source that has each model: originals, files, bundle, wheel."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from facemesh_ros.catalog.model_entry import Archive, ModelEntry
from facemesh_ros.catalog.models import BUNDLE, BUNDLE_URL, CATALOG, REQUIRED_KINDS, WHEEL
from facemesh_ros.errors import SourceError
from facemesh_ros.models.archives import FoundModel, models_in, models_in_archive
from facemesh_ros.models.convert import load_converter
from facemesh_ros.models.download import download
from facemesh_ros.models.pip_wheel import download_wheel
from facemesh_ros.models.progress import log
from facemesh_ros.models.store import ModelStore, State

# Whether a source may have a model, and the source.
Source = tuple[Callable[[ModelEntry], bool], Callable[[], Iterable[FoundModel]]]

SOURCES_VARIABLE = 'FACEMESH_MODEL_SOURCES'


@dataclass(slots=True)
class FetchOutcome:
    """What a fetch brought.

    Attributes:
        installed: Models that are new or converted anew.
        missing: Models that no source gave.
        failures: Why sources gave nothing, in their order.
    """

    installed: list[ModelEntry] = field(default_factory=list)
    missing: list[ModelEntry] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether a detector and a landmark model are there, so that the node can run."""
        missing = {entry.name for entry in self.missing}
        ready = {entry.kind for entry in CATALOG.values() if entry.name not in missing}
        return ready >= REQUIRED_KINDS


def fetch(store: ModelStore, *, if_needed: bool = False) -> FetchOutcome:
    """Make every model of the catalog ready; sources are asked for missing ones only.

    Args:
        store: Where the models go.
        if_needed: Leave the network alone if the node can run without it.

    Returns:
        What is new and what is still missing; a source that fails is no error as long as another
        may answer.

    Raises:
        ConversionError: If files cannot be converted, or the packages for it are missing.
        SourceError: If the store's folder cannot be written.
    """
    outcome = FetchOutcome()
    outcome.missing = [e for e in CATALOG.values() if store.state(e) is not State.READY]
    if outcome.missing:
        # Before anything is downloaded.
        load_converter()
        store.require_writable()
    for entry in list(outcome.missing):
        if store.convert_kept(entry):
            _done(outcome, entry)
    sources = [*_local_sources()]
    if not (if_needed and outcome.usable):
        sources += _network_sources()
    for needed, source in sources:
        if any(needed(entry) for entry in outcome.missing):
            _ask(store, source, outcome)
    return outcome


def _local_sources() -> Iterator[Source]:
    for path in filter(None, os.environ.get(SOURCES_VARIABLE, '').split(os.pathsep)):
        yield (lambda _: True), partial(models_in, Path(path).expanduser())


def _network_sources() -> list[Source]:
    return [(_comes_in(BUNDLE), _bundle), (_comes_in(WHEEL), _wheel)]


def _comes_in(archive: Archive) -> Callable[[ModelEntry], bool]:
    return lambda entry: any(member.archive is archive for member in entry.members)


def _ask(
    store: ModelStore, source: Callable[[], Iterable[FoundModel]], outcome: FetchOutcome
) -> None:
    try:
        found = list(source())
    except SourceError as error:
        outcome.failures.append(str(error))
        log(str(error))
        return
    for model in found:
        if model.entry in outcome.missing:
            store.install(model.content, model.source)
            _done(outcome, model.entry)


def _done(outcome: FetchOutcome, entry: ModelEntry) -> None:
    outcome.missing.remove(entry)
    outcome.installed.append(entry)


def _bundle() -> list[FoundModel]:
    return list(models_in_archive(io.BytesIO(download(BUNDLE_URL, BUNDLE)), BUNDLE.title))


def _wheel() -> list[FoundModel]:
    try:
        with tempfile.TemporaryDirectory(prefix='facemesh-') as folder:
            return list(models_in_archive(download_wheel(Path(folder)), WHEEL.title))
    except OSError as error:
        raise SourceError(
            f'{WHEEL.title}: cannot be put into the folder for temporary files '
            f'({error.strerror or error}); name another one with $TMPDIR'
        ) from error
