"""`facemesh models`: provisions, shows and checks model files."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from facemesh_ros.catalog.model_entry import ModelEntry
from facemesh_ros.catalog.models import BUNDLE, CATALOG, REQUIRED_KINDS, WHEEL
from facemesh_ros.cli import build_engines
from facemesh_ros.cli.install_hints import command_name, grouped_by_archive, how_to_get
from facemesh_ros.errors import MissingModelError
from facemesh_ros.models.archives import models_in
from facemesh_ros.models.fetch import SOURCES_VARIABLE, FetchOutcome, fetch
from facemesh_ros.models.store import FOLDER_VARIABLE, ModelStore, State

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


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
    building = _add_action(
        actions,
        'build-engines',
        build_engines.build,
        'build the TensorRT engines that the node would build at its first start, for minutes',
    )
    build_engines.add_options(building)
    _add_action(actions, 'list', _list, 'show the models and their state')
    _add_action(actions, 'verify', _verify, 'check every file against its hash')


def _add_action(
    actions: Subparsers, name: str, func: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=text, description=f'{text[0].upper()}{text[1:]}.')
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
        if not arguments.if_needed:
            print(f'All models are ready in {store.folder}; nothing to do.')
        return 0
    if not outcome.usable:
        raise MissingModelError(_no_source(outcome, arguments.dir))
    summary = _summary(store, outcome.installed, outcome.missing, arguments.dir)
    # Every start of ./run asks for what is needed, and does without the rest.
    is_news = store.is_new_notice(f'Not there: {_names(outcome.missing)}')
    if outcome.installed or is_news or not arguments.if_needed:
        print(summary)
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
    print(_summary(store, installed, missing, arguments.dir))
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
                ', '.join(entry.file_name(variant) for variant in entry.variants),
                record.source if record else '-',
                _said(store.state(entry)),
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
        print(f'{entry.name}: {_said(state)}{note}')
    ready = {entry.kind for entry, state in states.items() if state is State.READY}
    return 0 if State.DAMAGED not in states.values() and ready >= REQUIRED_KINDS else 1


def _said(state: State) -> str:
    return 'ready' if state is State.READY else f'{state.value}: {command_name()} models fetch'


def _summary(
    store: ModelStore,
    installed: Sequence[ModelEntry],
    missing: Sequence[ModelEntry],
    folder: str | None,
) -> str:
    lines = [f'Ready in {store.folder}: {_names(installed)}.'] if installed else []
    if missing:
        lines.append(f'{_lacking(missing)}. To get {"it" if len(missing) == 1 else "them"}:')
        for archive, entries in grouped_by_archive(missing).items():
            lines.append(f'  {_names(entries)}: {how_to_get(archive, folder)}')
    return '\n'.join(lines)


def _lacking(missing: Sequence[ModelEntry]) -> str:
    """Say what is not there, and whether it matters."""
    left = {entry.kind for entry in CATALOG.values() if entry not in missing}
    names = _names(missing)
    return f'Optional, not there: {names}' if left >= REQUIRED_KINDS else f'Not there: {names}'


def _no_source(outcome: FetchOutcome, folder: str | None) -> str:
    command = f'{command_name()} models'
    return (
        f'no source gave a detector and a landmark model (missing: {_names(outcome.missing)}). '
        'Ways to get them:\n'
        f'  - with a network: `{command} fetch` again\n'
        f'  - {how_to_get(BUNDLE, folder)}\n'
        f'  - {how_to_get(WHEEL, folder)}\n'
        f"  - copy another machine's model folder, then `{command} add FOLDER`\n"
        f'  - name local files or folders in ${SOURCES_VARIABLE}, then `{command} fetch`'
    )


def _names(entries: Sequence[ModelEntry]) -> str:
    return ', '.join(entry.name for entry in entries)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return '\n'.join(
        '  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
