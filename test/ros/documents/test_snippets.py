"""Blocks of Python and C++ in the documents, run on real messages or as nodes of their own."""

from __future__ import annotations

import ast
import importlib.util
import sys

import numpy as np
import pytest
from consumer_messages import face_info, faces_of_all_kinds
from documents import ROOT, Block, blocks, commands, saved_files, saved_program
from sensor_msgs.msg import CameraInfo
from shown_output import missing_line

from facemesh_ros import consumer
from facemesh_ros.msg import FaceMeshArray, FaceMeshInfo
from test.ros.conftest import LATCHED
from test.ros.documents.test_launch_commands import DEFAULTS

# Its programs are built, and run on messages, by test/ros/examples.
BUILT = 'docs/consumers.md'
# Blocks that need what is not here, by what they name.
NEEDS = {'open3d': 'Open3D, of which docs/outputs.md speaks'}
PYTHON = [block for block in blocks() if block.language == 'python']
NODES = [block for block in PYTHON if 'rclpy.spin' in block.text]
LAUNCH_FILES = [block for block in PYTHON if 'LaunchDescription' in block.text]
SNIPPETS = [
    block
    for block in PYTHON
    if block not in LAUNCH_FILES
    and 'rclpy.spin' not in block.text
    and block not in saved_files().values()
]


def by_page(found: list[Block]) -> list:
    pages: dict[str, list[Block]] = {}
    for block in found:
        pages.setdefault(block.path, []).append(block)
    return [pytest.param(of_page, id=path) for path, of_page in pages.items()]


@pytest.mark.parametrize('page', by_page(SNIPPETS))
def test_snippets_of_a_page_run_one_after_the_other(page):
    camera_info = CameraInfo(k=[500.0, 0, 320, 0, 500, 240, 0, 0, 1])
    names = {
        'np': np,
        'consumer': consumer,
        'msg': faces_of_all_kinds(),
        'info': face_info(),
        'camera_info': camera_info,
        'FaceMeshArray': FaceMeshArray,
        'FaceMeshInfo': FaceMeshInfo,
    }
    for block in page:
        missing = [need for need in NEEDS if need in block.text]
        if missing and not importlib.util.find_spec(missing[0]):
            continue
        names.pop('on_faces', None)
        exec(compile(block.text, block.where, 'exec'), names)
        if 'on_faces' in names:
            names['on_faces'](names['msg'])


@pytest.mark.parametrize('need', NEEDS)
def test_what_is_needed_is_named_by_a_block(need):
    assert any(need in block.text for block in PYTHON)


@pytest.mark.parametrize('block', NODES, ids=lambda block: block.where)
def test_a_node_of_a_page_starts_says_what_is_shown_and_ends(
    block, run_until_up, client, tmp_path
):
    """Faces are published to it as the node would."""
    file = tmp_path / 'node.py'
    file.write_text(block.text)
    shown = [
        line
        for command in commands()
        if saved_program(command) == block
        for line in command.output
    ]
    faces = client.create_publisher(FaceMeshArray, 'facemesh/landmarks', 5)
    info = client.create_publisher(FaceMeshInfo, 'facemesh/info', LATCHED)
    info.publish(face_info())

    def is_shown(program) -> bool:
        faces.publish(faces_of_all_kinds())
        return missing_line(shown, program.log.splitlines()) is None

    run_until_up(
        [sys.executable, '-u', str(file)], node_of(block), (), is_bare=True, until=is_shown
    )


def node_of(block: Block) -> str:
    """Return the name that a program gives its node."""
    calls = [node for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.Call)]
    named = ('super().__init__', 'Node', 'rclpy.create_node')
    return next(
        call.args[0].value for call in calls if ast.unparse(call.func) in named and call.args
    )


@pytest.mark.parametrize('block', LAUNCH_FILES, ids=lambda block: block.where)
def test_a_launch_file_of_a_page_gives_arguments_that_there_are(block):
    tree = ast.parse(block.text)
    ours = {
        keyword.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in functions_of(tree)
        for keyword in node.keywords
    }
    assert ours
    assert ours <= set(DEFAULTS), ours - set(DEFAULTS)
    if importlib.util.find_spec('launch_ros'):
        names = launch_names()
        exec(compile(block.text, block.where, 'exec'), names)
        assert names['generate_launch_description']().entities


def functions_of(tree: ast.AST) -> set[str]:
    """Return the functions of a launch file that pass their keywords on as arguments."""
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.args.kwarg
    }


def launch_names() -> dict[str, object]:
    import launch
    import launch.actions
    import launch.launch_description_sources
    import launch_ros.actions
    import launch_ros.substitutions

    modules = (
        launch,
        launch.actions,
        launch.launch_description_sources,
        launch_ros.actions,
        launch_ros.substitutions,
    )
    return {name: getattr(module, name) for module in modules for name in dir(module)}


@pytest.mark.parametrize(
    'block',
    [block for block in blocks() if block.language == 'cpp'],
    ids=lambda block: block.where,
)
def test_a_program_in_cpp_is_built(block):
    conftest = (ROOT / 'test' / 'ros' / 'examples' / 'conftest.py').read_text(encoding='utf-8')
    assert "'consumers.md'" in conftest
    assert block.path == BUILT, (
        f'{block.where}: nobody builds this program; test/ros/examples/conftest.py builds one'
    )
