"""package.xml is the one source of name and version, and what it names is what is used."""

import ast
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ElementTree.parse(ROOT / 'package.xml').getroot()
CMAKE = (ROOT / 'CMakeLists.txt').read_text()

# rosdep's name of a Python module where it is not the module's own.
ROSDEP_KEYS = {
    'PIL': 'python3-pil',
    'cv2': 'python3-opencv',
    'flatbuffers': 'python3-flatbuffers',
    'hypothesis': 'python3-hypothesis',
    'numpy': 'python3-numpy',
    'onnxruntime': 'python3-onnxruntime-pip',
    'pytest': 'python3-pytest',
    'rich': 'python3-rich',
    'tf2_ros': 'tf2_ros_py',
    'yaml': 'python3-yaml',
}
# Of these rosdep knows nothing; the README names the pip command.
WITHOUT_ROSDEP_KEY = {'ai_edge_litert', 'onnx', 'skimage', 'tflite'}

# What only those need who have them; docs/hri.md, the bridge itself and docs/outputs.md say how to
# get them.
OPTIONAL = {
    'foxglove_msgs',
    'hri_msgs',
    'vision_msgs',
}


def depends(*tags):
    return {element.text for tag in tags for element in PACKAGE.iter(tag)}


def modules_imported(*folders):
    files = [file for folder in folders for file in (ROOT / folder).rglob('*.py')]
    return modules_imported_by(files) - WITHOUT_ROSDEP_KEY - OPTIONAL


def modules_imported_by(files):
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) if not node.level]
    tops = {name.partition('.')[0] for name in names}
    return tops - sys.stdlib_module_names - {'facemesh_ros'}


def keys_of(modules):
    return {ROSDEP_KEYS.get(module, module) for module in modules}


def test_every_imported_module_is_a_dependency():
    missing = keys_of(modules_imported('examples', 'facemesh_ros', 'launch')) - depends(
        'depend', 'exec_depend'
    )
    assert not missing


def test_every_dependency_is_used():
    in_messages = {
        found
        for file in ROOT.glob('msg/*.msg')
        for found in re.findall(r'(\w+)/', file.read_text())
    }
    in_cpp = {
        package
        for file in ROOT.glob('examples/*.cpp')
        for package in re.findall(r'#include "(\w+)/', file.read_text())
    }
    used = (
        keys_of(modules_imported('facemesh_ros', 'launch'))
        | in_messages
        | in_cpp - {'facemesh_ros'}
    )
    assert depends('depend', 'exec_depend') - used == {'rosidl_default_runtime'}


def test_cmake_finds_what_package_xml_names_for_the_build():
    found = set(re.findall(r'find_package\((\w+)', CMAKE))
    named = depends('buildtool_depend', 'depend')
    for_tests = {'ament_cmake_pytest', 'launch_testing_ament_cmake'}
    assert found == named | for_tests
    assert for_tests <= depends('test_depend')


def test_cmake_generates_every_message():
    assert set(re.findall(r'msg/\w+\.msg', CMAKE)) == {
        f'msg/{file.name}' for file in ROOT.glob('msg/*.msg')
    }


PROGRAMS = [file for file in (ROOT / 'scripts').rglob('*') if file.is_file()]
PROGRAMS += [ROOT / 'run', ROOT / '.ci' / 'run', *ROOT.glob('examples/*.py')]


@pytest.mark.parametrize('file', PROGRAMS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_program_may_be_executed(file):
    """Installed as a link into the checkout, it has the checkout's mode: ros2 run asks for it."""
    assert file.read_bytes().startswith(b'#!')
    assert file.stat().st_mode & 0o111 == 0o111


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """Build the wheel from a copy, because setuptools leaves folders in its source."""
    source = tmp_path_factory.mktemp('source')
    for name in ('setup.py', 'pyproject.toml', 'package.xml', 'MANIFEST.in', 'LICENSE'):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / 'facemesh_ros',
        source / 'facemesh_ros',
        ignore=shutil.ignore_patterns('__pycache__'),
    )
    command = [sys.executable, '-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation', '.']
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return next(source.glob('*.whl'))


def test_wheel_has_the_name_and_version_of_package_xml(wheel):
    assert wheel.name.startswith(
        f'{PACKAGE.findtext("name")}-{PACKAGE.findtext("version")}-py3-none-any'
    )


def test_wheel_holds_all_but_the_ros_shell(wheel):
    expected = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / 'facemesh_ros').rglob('*')
        if file.is_file() and '__pycache__' not in file.parts
        if not file.is_relative_to(ROOT / 'facemesh_ros' / 'ros')
    }
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if '.dist-info/' not in name}
    assert inside == expected


def test_wheel_asks_pip_for_all_that_it_imports(wheel):
    """The first thing to do with it is `facemesh models fetch`, which converts."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith('/METADATA'))
        metadata = archive.read(name).decode()
    asked_for = set(re.findall(r'^Requires-Dist: ([\w-]+)[^;\n]*$', metadata, re.M))
    ros = ROOT / 'facemesh_ros' / 'ros'
    files = {*(ROOT / 'facemesh_ros').rglob('*.py')} - {*ros.rglob('*.py')}
    # scikit-image only brings the demo's picture.
    distributions = {'cv2': 'opencv-python-headless', 'PIL': 'pillow', 'yaml': 'pyyaml'}
    names = {distributions.get(name, name) for name in modules_imported_by(files)}
    assert names - {'skimage'} == asked_for


def test_wheel_brings_a_facemesh_command_that_needs_no_ros(wheel, tmp_path):
    venv.create(tmp_path / 'venv')
    python = tmp_path / 'venv' / 'bin' / 'python'
    without_ros = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    install = [sys.executable, '-m', 'pip', '--python', python, 'install', '--no-deps', wheel]
    subprocess.run(install, check=True, capture_output=True, env=without_ros)
    # numpy, OpenCV and onnxruntime from here, behind the venv's own folder.
    site_packages = next(tmp_path.glob('venv/lib/*/site-packages'))
    (site_packages / 'dependencies.pth').write_text(
        '\n'.join(path for path in sys.path if path.endswith('-packages'))
    )

    said = subprocess.run(
        [python.with_name('facemesh'), '--help'],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=without_ros,
    )

    assert 'models' in said.stdout
    assert 'run' in said.stdout
