"""Blocks of code in the documents can be read, and name parameters and values that there are."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from documents import ROOT, Block, blocks, documents, prose_of

from facemesh_ros.ros.launch_arguments import PARAMETERS, SPECS
from facemesh_ros.ros.parameters import NodeSettings
from facemesh_ros.settings.parameter_specs import replace_parameters

# Of every ROS node, and of its timestamps.
OF_ROS = ('use_sim_time', 'qos_overrides', 'start_type_description_service')


def of(*languages: str) -> list:
    return [
        pytest.param(block, id=block.where) for block in blocks() if block.language in languages
    ]


def read_python(block: Block) -> None:
    """It is run by test/ros/documents/test_snippets.py and test/ros/examples."""
    compile(block.text, block.where, 'exec')
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or '').startswith('facemesh_ros'):
            source = ROOT.joinpath(*(node.module or '').split('.'))
            is_message = node.module == 'facemesh_ros.msg'
            for name in node.names:
                message = ROOT / 'msg' / f'{name.name}.msg'
                known = message.exists() if is_message else is_defined(source, name.name)
                assert known, f'{block.where}: no {name.name} in {node.module}'


def is_defined(source: Path, name: str) -> bool:
    """Return whether a module or package of ours binds a name at its top, or has such a module."""
    if source.is_dir() and any((source / made).exists() for made in (name, f'{name}.py')):
        return True
    file = source / '__init__.py' if source.is_dir() else source.with_suffix('.py')
    bound: set[str] = set()
    for node in ast.parse(file.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            bound |= {each.asname or each.name for each in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound |= {ast.unparse(target) for target in targets}
    return name in bound


def read_yaml(block: Block) -> None:
    for content in yaml.safe_load_all(block.text):
        for parameters in parameters_in(content):
            assert_parameters(parameters, block.where)


def parameters_in(content):
    """Yield what stands below `ros__parameters` anywhere."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key == 'ros__parameters':
                yield value
            else:
                yield from parameters_in(value)


def assert_parameters(values, where: str, group: str = '') -> None:
    for name, value in values.items():
        full = group + name
        if full in SPECS:
            value = tuple(value) if isinstance(value, list) else value
            replace_parameters(NodeSettings(), {full: value})
        elif isinstance(value, dict) and any(key.startswith(f'{full}.') for key in SPECS):
            assert_parameters(value, where, f'{full}.')
        else:
            assert full in OF_ROS, f'{where}: no parameter {full}'


def read_json(block: Block) -> None:
    json.loads(block.text.replace('…', '"…"'))


def read_xml(block: Block) -> None:
    ElementTree.fromstring(block.text)


def read_toml(block: Block) -> None:
    if sys.version_info < (3, 11):
        return
    import tomllib

    tomllib.loads(block.text)


def read_cmake(block: Block) -> None:
    """The program is built by test/ros/examples and test/package/cpp_consumer."""
    exported = (ROOT / 'CMakeLists.txt').read_text(encoding='utf-8')
    for target in re.findall(r'facemesh_ros::(\w+)', block.text):
        assert target in exported, target


READ = {
    'python': read_python,
    'yaml': read_yaml,
    'json': read_json,
    'xml': read_xml,
    'toml': read_toml,
    'cmake': read_cmake,
}


@pytest.mark.parametrize('block', of(*READ))
def test_a_block_can_be_read_and_names_what_there_is(block: Block):
    READ[block.language](block)


def test_each_kind_is_found_to_be_wrong():
    """What no document may have at the moment is tried here."""
    wrong = {
        'python': 'from facemesh_ros.consumer import nothing',
        'yaml': 'node: {ros__parameters: {max_facs: 3}}',
        'json': '{"a": }',
        'xml': '<a>',
        'toml': 'a =',
        'cmake': 'target_link_libraries(x facemesh_ros::nothing)',
    }
    assert wrong.keys() == READ.keys()
    for language, text in wrong.items():
        if language != 'toml' or sys.version_info >= (3, 11):
            with pytest.raises((AssertionError, ValueError, SyntaxError)):
                READ[language](Block('page.md', 1, language, text))


@pytest.mark.parametrize('page', documents(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_values_of_parameters_in_prose_are_allowed(page):
    """Code spans as `max_faces: 64` and `metric_mode:=depth`."""
    prose = prose_of(page)
    for name, value in re.findall(r'`([a-z][\w.]*): ([^`\s…]+)`', prose):
        if name in SPECS:
            replace_parameters(NodeSettings(), {name: yaml.safe_load(value)})
    for name, value in re.findall(r'`([a-z]\w*):=([\w.]+)`', prose):
        if name in PARAMETERS:
            replace_parameters(NodeSettings(), {name: yaml.safe_load(value)})
