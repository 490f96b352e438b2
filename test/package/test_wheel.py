"""The wheel of `pip install .`: everything but the ROS shell, with a command that needs no ROS."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from imported_modules import EXTRAS, OPTIONAL, modules_imported_by

ROOT = Path(__file__).parents[2]
PACKAGE = ElementTree.parse(ROOT / 'package.xml').getroot()


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
    shutil.copytree(ROOT / 'msg', source / 'msg')
    shutil.copytree(ROOT / 'src', source / 'src')
    command = [sys.executable, '-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation', '.']
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return next(source.glob('*.whl'))


def test_wheel_has_the_name_and_version_of_package_xml(wheel):
    python = f'cp3{sys.version_info.minor}'  # its native module is of one Python
    assert wheel.name.startswith(
        f'{PACKAGE.findtext("name")}-{PACKAGE.findtext("version")}-{python}-{python}-'
    )


def test_wheel_holds_all_but_the_ros_shell(wheel):
    expected = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / 'facemesh_ros').rglob('*')
        if file.is_file() and '__pycache__' not in file.parts
        if not file.is_relative_to(ROOT / 'facemesh_ros' / 'ros')
    }
    # What `facemesh run --bag` writes into recordings.
    expected |= {
        f'facemesh_ros/messages/definitions/{file.name}' for file in ROOT.glob('msg/*.msg')
    }
    expected.add(f'facemesh_ros/native{sysconfig.get_config_var("EXT_SUFFIX")}')
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if '.dist-info/' not in name}
    assert inside == expected


def test_wheel_asks_pip_for_all_that_it_imports(wheel):
    """The first thing to do with it is `facemesh models fetch`, which converts."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith('/METADATA'))
        metadata = archive.read(name).decode()
    asked_for = set(re.findall(r'^Requires-Dist: ([\w-]+)(?!.*extra ==)', metadata, re.M))
    ros = ROOT / 'facemesh_ros' / 'ros'
    files = {*(ROOT / 'facemesh_ros').rglob('*.py')} - {*ros.rglob('*.py')}
    # scikit-image only brings the demo's picture.
    distributions = {'cv2': 'opencv-python-headless', 'PIL': 'pillow', 'yaml': 'pyyaml'}
    imported = modules_imported_by(files) - OPTIONAL - EXTRAS
    names = {distributions.get(name, name) for name in imported}
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
