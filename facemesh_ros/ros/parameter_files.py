"""YAML files of parameters, as ROS reads them: which section is for which node, and what is wrong.

rcl decides what is valid; this module finds where a value came from, and says in words what rcl
refuses with a line of its own source code. It imports no ROS: launch files read files with it too.
"""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from facemesh_ros.errors import FacemeshError, in_one_line

FORM = 'the form is "/**: {ros__parameters: {max_faces: 4}}", with a node\'s name for /**'
_REFUSED_BY_RCL = re.compile(r"'--params-file (.*?)'\. Error: (.*?)\s*(?:, at /|$)", re.DOTALL)


class ParameterFileError(FacemeshError):
    """A file of parameters cannot be read, or is not for this node; the text says what to do."""


class _Loader(yaml.SafeLoader):
    """Takes no notice of tags, as rcl; launch_ros writes lists as !!python/tuple."""


def _untagged(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor('', _untagged)


@dataclass(frozen=True, slots=True)
class Section:
    """What a file says about the nodes of one name.

    Attributes:
        node: Full name of the nodes; `*` stands for one token of it, `**` for any number.
        parameters: Values by full name, such as `filter.type`.
    """

    node: str
    parameters: dict[str, Any]

    def is_for(self, node: str) -> bool:
        """Whether a node of this full name reads the section."""
        pattern = re.escape(self.node).replace(r'/\*\*', r'(/\w+)*').replace(r'/\*', r'/\w+')
        return re.fullmatch(pattern, node) is not None


def sections_of(path: str) -> list[Section]:
    """Read a file of parameters; an empty one has no sections.

    Raises:
        ParameterFileError: If it cannot be read, is no YAML, or has values outside of
            ros__parameters.
    """
    try:
        content = yaml.load(Path(path).read_text(encoding='utf-8'), _Loader)
    except OSError as error:
        raise ParameterFileError(f'{path}: {error.strerror}; name a YAML file') from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParameterFileError(f'{path}: it is not YAML: {_where_not_yaml(error)}') from error
    return [] if content is None else list(_sections(path, content, '/'))


def _where_not_yaml(error: Exception) -> str:
    mark, problem = getattr(error, 'problem_mark', None), getattr(error, 'problem', None)
    return f'line {mark.line + 1}: {problem}' if mark and problem else in_one_line(error)


def _sections(path: str, content: Any, node: str) -> Iterator[Section]:
    if not isinstance(content, dict):
        raise ParameterFileError(
            f'{path}: under {node} there is {_shortened(content)}, outside of ros__parameters; '
            f'{FORM}'
        )
    for key, value in content.items():
        if key != 'ros__parameters':
            yield from _sections(path, value, posixpath.join(node, str(key).lstrip('/')))
        elif node == '/':
            raise ParameterFileError(f"{path}: ros__parameters is under no node's name; {FORM}")
        elif not isinstance(value, dict):
            raise ParameterFileError(
                f'{path}: ros__parameters of {node} are {_shortened(value)}, no names with '
                f'values; {FORM}'
            )
        else:
            yield Section(node, dict(_flat(value)))


def _flat(parameters: dict[Any, Any], group: str = '') -> Iterator[tuple[str, Any]]:
    for key, value in parameters.items():
        if isinstance(value, dict):
            yield from _flat(value, f'{group}{key}.')
        else:
            yield f'{group}{key}', value


def _shortened(value: Any) -> str:
    text = 'nothing' if value is None else ' '.join(repr(value).split())
    return text if len(text) <= 40 else f'{text[:40]}…'


def _accepted_sections(path: str) -> list[Section]:
    """Return the sections of a file that rcl has read: none if it takes what YAML does not."""
    try:
        return sections_of(path)
    except ParameterFileError:
        return []


def parameters_in_file(path: str, node: str) -> dict[str, Any]:
    """Return the parameters of a node in a file; raises ParameterFileError as `sections_of`."""
    return _merged(sections_of(path), node)


def _merged(sections: Iterable[Section], node: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section in sections:
        if section.is_for(node):
            found |= section.parameters
    return found


def explained(error: Exception, arguments: Sequence[str]) -> FacemeshError:
    """Return what is wrong with the files that made rcl refuse the arguments.

    `error` is rcl's own; it is repeated if none of the files is at fault.
    """
    try:
        for path in _files(arguments):
            sections_of(path)
    except ParameterFileError as found:
        return found
    refused = _REFUSED_BY_RCL.search(str(error))
    if refused:
        return ParameterFileError(f'{refused[1]}: {" ".join(refused[2].split())}; {FORM}')
    return FacemeshError(f'ROS cannot start: {error}')


def _files(arguments: Sequence[str]) -> list[str]:
    return [value for option, value in _ros_arguments(arguments) if option == '--params-file']


def _ros_arguments(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the options between --ros-args and -- that have a value, with it, in order."""
    is_ros, option = False, ''
    for argument in arguments:
        if argument in ('--ros-args', '--'):
            is_ros, option = argument == '--ros-args', ''
        elif is_ros and option:
            yield option, argument
            option = ''
        elif is_ros and argument in ('--params-file', '-p', '--param'):
            option = argument


def origin(arguments: Sequence[str], node: str, name: str) -> str:
    """Return what gave a node's parameter its value, the last one that did: a file, or -p.

    Empty if nothing did.
    """
    found = ''
    for option, value in _ros_arguments(arguments):
        if option == '--params-file':
            found = value if name in _merged(_accepted_sections(value), node) else found
        elif value.partition(':=')[0].rpartition(':')[2] == name:
            found = '-p'
    return found


def check_files_are_for(node: str, arguments: Sequence[str]) -> list[str]:
    """Return what to tell about files in which no section names this node.

    A file may serve many nodes. One whose only fault can be a misspelt name is refused.

    Raises:
        ParameterFileError: If nothing in a file is for this node, but for one of nearly its name.
    """
    told = []
    for path in _files(arguments):
        sections = _accepted_sections(path)
        named = [section for section in sections if '*' not in section.node]
        if not named or any(section.is_for(node) for section in named):
            continue
        others = ', '.join(section.node for section in named)
        meant = _similar(node, [section.node for section in named])
        is_read = len(named) < len(sections) and any(one.is_for(node) for one in sections)
        if meant and not is_read:
            raise ParameterFileError(
                f'{path}: nothing in it is for {node}, only for {others}; write {node} for '
                f'{meant}, or /** for a node of any name'
            )
        if meant or not is_read:
            told.append(f'{path}: nothing under {meant or others} is for this node, {node}')
    return told


def _similar(node: str, others: Iterable[str]) -> str:
    """Return the name that is most likely meant to be this node's, empty if none is."""
    by_last_token = {other.rpartition('/')[2]: other for other in others}
    found = difflib.get_close_matches(node.rpartition('/')[2], by_last_token, n=1, cutoff=0.75)
    return by_last_token[found[0]] if found else ''


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the parameter whose name is most like this one, empty if none is.

    A group may be missing or misspelt: `type` and `filtre.type` are near `filter.type`.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    by_end = {other.rpartition('.')[2]: other for other in names}
    ends = difflib.get_close_matches(name.rpartition('.')[2], by_end, n=1, cutoff=0.75)
    return next(iter(close), by_end[ends[0]] if ends else '')
