"""`facemesh models`: provisions, shows and checks model files."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from facemesh_ros.models.archives import models_in
from facemesh_ros.models.catalog import (
    BUNDLE,
    BUNDLE_URL,
    CATALOG,
    REQUIRED_KINDS,
    WHEEL,
    ModelEntry,
)
from facemesh_ros.models.errors import MissingModelError
from facemesh_ros.models.fetch import SOURCES_VARIABLE, FetchOutcome, fetch
from facemesh_ros.models.store import FOLDER_VARIABLE, ModelStore, State

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_STATES = {
    State.READY: 'ready',
    State.MISSING: 'missing: facemesh models fetch',
    State.OUTDATED: 'outdated: facemesh models fetch',
    State.DAMAGED: 'damaged: facemesh models fetch',
}


def add_parser(subparsers: Subparsers) -> None:
    """Add `models` with its own subcommands."""
    parser = subparsers.add_parser('models', help='get, show and check model files')
    actions = parser.add_subparsers(title='actions', required=True, metavar='ACTION')
    fetching = _add_action(
        actions, 'fetch', _fetch, 'get every model from the first source that answers'
    )
    fetching.add_argument(
        '--if-needed',
        action='store_true',
        help='leave the network alone if a detector and a landmark model are there',
    )
    adding = _add_action(
        actions, 'add', _add, 'take models from files, for machines without a network'
    )
    adding.add_argument(
        'files',
        nargs='+',
        type=Path,
        metavar='FILE',
        help=f'{BUNDLE.file_name}, a mediapipe wheel, a .tflite file, or a folder of '
        "those, such as another machine's model folder",
    )
    _add_action(actions, 'list', _list, 'show the models and their state')
    _add_action(actions, 'verify', _verify, 'check every file against its hash')


def _add_action(
    actions: Subparsers, name: str, func: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=text, description=text.capitalize() + '.')
    action.add_argument(
        '--dir',
        metavar='FOLDER',
        help=f'model folder (default: ${FOLDER_VARIABLE}, else the user data folder)',
    )
    action.set_defaults(func=func)
    return action


def _fetch(arguments: argparse.Namespace) -> int:
    store = ModelStore(arguments.dir)
    outcome = fetch(store, if_needed=arguments.if_needed)
    if not outcome.installed and not outcome.missing:
        print(f'All models are ready in {store.folder}; nothing to do.')
        return 0
    if not outcome.usable:
        raise MissingModelError(_no_source(outcome))
    print(_summary(store, outcome.installed, outcome.missing))
    return 0


def _add(arguments: argparse.Namespace) -> int:
    store = ModelStore(arguments.dir)
    installed: list[ModelEntry] = []
    for path in arguments.files:
        for model in models_in(path):
            if model.entry not in installed:
                store.install(model.content, model.source)
                installed.append(model.entry)
    missing = [entry for entry in CATALOG.values() if store.state(entry) is not State.READY]
    print(_summary(store, installed, missing))
    return 0


def _list(arguments: argparse.Namespace) -> int:
    store = ModelStore(arguments.dir)
    records = store.records()
    rows = [('NAME', 'KIND', 'INPUT', 'POINTS', 'FILES', 'SOURCE', 'STATE')]
    for entry in CATALOG.values():
        record = records.get(entry.name)
        rows.append(
            (
                entry.name,
                entry.kind.value,
                f'{entry.input_size} px' if entry.input_size else 'points',
                str(entry.points or '-'),
                ', '.join(entry.file_name(flavour) for flavour in entry.flavours),
                record.source if record else '-',
                _STATES[store.state(entry)],
            )
        )
    print(f'Model folder: {store.folder}')
    print(_table(rows))
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    store = ModelStore(arguments.dir)
    states = {entry: store.state(entry) for entry in CATALOG.values()}
    for entry, state in states.items():
        note = ''
        if state is State.READY and store.original(entry) is None:
            note = ' (the kept original is missing or damaged; only a new conversion needs it)'
        print(f'{entry.name}: {_STATES[state]}{note}')
    ready = {entry.kind for entry, state in states.items() if state is State.READY}
    return 0 if State.DAMAGED not in states.values() and ready >= REQUIRED_KINDS else 1


def _summary(
    store: ModelStore, installed: Sequence[ModelEntry], missing: Sequence[ModelEntry]
) -> str:
    lines = [f'Ready in {store.folder}: {_names(installed)}.'] if installed else []
    if missing:
        lines.append(f'Not there: {_names(missing)}.')
        lines += [_way_to(entry) for entry in missing]
    return '\n'.join(lines)


def _way_to(entry: ModelEntry) -> str:
    archive = entry.members[0].archive
    return f'  {entry.name} comes in {archive.title}: facemesh models add {archive.file_name}'


def _no_source(outcome: FetchOutcome) -> str:
    return (
        f'no source gave a detector and a landmark model (missing: {_names(outcome.missing)}). '
        'Ways to get them:\n'
        f'  - with a network: `facemesh models fetch` again\n'
        f'  - download {BUNDLE_URL} anywhere, then `facemesh models add {BUNDLE.file_name}`\n'
        f'  - download {WHEEL.file_name} from the Python package index anywhere, then '
        f'`facemesh models add {WHEEL.file_name}`\n'
        "  - copy another machine's model folder, then `facemesh models add FOLDER`\n"
        f'  - name local files or folders in ${SOURCES_VARIABLE}, then `facemesh models fetch`'
    )


def _names(entries: Sequence[ModelEntry]) -> str:
    return ', '.join(entry.name for entry in entries)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return '\n'.join(
        '  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
