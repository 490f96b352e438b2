"""package.xml is the one source of name and version, and what it names is what is used."""

import os
import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from imported_modules import EXTRAS, FROM_PIP, OPTIONAL, WITHOUT_ROSDEP_KEY, modules_imported_by
from rosdep_keys import packages_of_keys

from facemesh_ros.messages.message_classes import MESSAGE_TYPES

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
# What CMake finds by another name than rosdep's key.
BUILD_KEYS = {'pybind11-dev': 'pybind11'}
# What FACEMESH_ONNXRUNTIME chooses, unset first; with `own` none.
RUNTIMES = {
    '': 'python3-onnxruntime-pip',
    'gpu': 'python3-onnxruntime-gpu-pip',
    'own': None,
}
INSTALLATION = (ROOT / 'docs' / 'install.md').read_text()
REQUIREMENTS = (ROOT / 'requirements.txt').read_text()


def depends(*tags):
    return {element.text for tag in tags for element in PACKAGE.iter(tag)}


def modules_imported(*folders):
    files = [file for folder in folders for file in (ROOT / folder).rglob('*.py')]
    return modules_imported_by(files) - WITHOUT_ROSDEP_KEY - OPTIONAL - EXTRAS


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
        | {name.partition('/')[0] for name in MESSAGE_TYPES}
        | in_cpp - {'facemesh_ros'}
    )
    other_runtimes = set(RUNTIMES.values()) - {RUNTIMES[''], None}
    unused = depends('depend', 'exec_depend') - used
    assert unused == {'rosidl_default_runtime', *other_runtimes}


def test_rosdep_knows_every_key_in_every_distribution():
    known = packages_of_keys()
    for element in PACKAGE:
        if element.tag.endswith('depend'):
            packages = known[element.text]
            assert '-' not in packages.values(), element.text
            assert {package.startswith('pip:') for package in packages.values()} == {
                element.text.endswith('-pip')
            }


@pytest.mark.filterwarnings(
    'ignore::DeprecationWarning:catkin_pkg', 'ignore::DeprecationWarning:pyparsing'
)
@pytest.mark.parametrize(('chosen', 'wanted'), RUNTIMES.items())
def test_rosdep_brings_one_onnx_runtime_or_none(monkeypatch, chosen, wanted):
    catkin_pkg = pytest.importorskip('catkin_pkg.package')
    monkeypatch.setenv('FACEMESH_ONNXRUNTIME', chosen)
    package = catkin_pkg.parse_package(str(ROOT / 'package.xml'))
    package.evaluate_conditions(dict(os.environ))
    found = [item.name for item in package.exec_depends if item.evaluated_condition]
    assert [name for name in found if 'onnxruntime' in name] == [wanted] * bool(wanted)
    assert not chosen or f'`{chosen}`' in INSTALLATION


@pytest.mark.parametrize('name', sorted(OPTIONAL))
def test_an_optional_package_is_told_with_its_distributions(name):
    packages = packages_of_keys()[name]
    apt_name = packages['humble'].replace('humble', '$ROS_DISTRO')
    (row,) = (
        line
        for line in INSTALLATION.splitlines()
        if line.startswith('|') and f'`{apt_name}`' in line
    )
    missing = {distro.capitalize() for distro, package in packages.items() if package == '-'}
    assert all(f'on {distro} build it from source' in row for distro in missing)
    if missing:
        assert not any(distro in row.partition('; on')[0] for distro in missing)
    assert name not in depends('depend', 'exec_depend')


def test_requirements_are_what_nothing_else_brings():
    asked_for = set(re.findall(r'^(\w+)', REQUIREMENTS, re.M))
    assert asked_for == FROM_PIP | {'numpy'}
    assert modules_imported_by((ROOT / 'facemesh_ros').rglob('*.py')) >= FROM_PIP
    # As what `./run` installs beside a ROS installation.
    of_run = (ROOT / 'tools' / 'wheels' / 'with_ros.txt').read_text()
    assert re.findall('^numpy.*$', REQUIREMENTS, re.M) == re.findall('^numpy.*$', of_run, re.M)


def test_readme_and_ci_install_in_the_order_in_which_rosdep_leaves_pip_alone():
    for document in ('README.md', 'docs/install.md', '.github/workflows/ci.yml'):
        text = (ROOT / document).read_text()
        places = [
            text.index(step)
            for step in (
                'python3 -m venv --system-site-packages',
                'pip install onnxruntime -r src/facemesh_ros/requirements.txt',
                'rosdep install --from-paths src --ignore-src -y',
            )
        ]
        assert places == sorted(places), document
        assert '--skip-keys' not in text


def test_rosdoc2_finds_modules_and_documents_and_goes_without_what_has_no_key():
    name = PACKAGE.findtext('export/rosdoc2')
    *_, config = yaml.safe_load_all((ROOT / name).read_text())
    assert config['settings']['python_source'] == PACKAGE.findtext('name')
    (sphinx,) = (builder['sphinx'] for builder in config['builders'] if 'sphinx' in builder)
    settings = runpy.run_path(str(ROOT / sphinx['user_doc_dir'] / 'conf.py'))
    assert {*settings['MAYBE_MISSING']} >= WITHOUT_ROSDEP_KEY | OPTIONAL


def test_changelog_has_the_version_of_package_xml_or_what_is_to_come():
    headings = re.findall(r'^(.+)\n-{3,}$', (ROOT / 'CHANGELOG.rst').read_text(), re.M)
    released = [heading.split()[0] for heading in headings if heading != 'Forthcoming']
    assert released[0] == PACKAGE.findtext('version')
    assert headings.index('Forthcoming') == 0 or 'Forthcoming' not in headings


def test_no_other_file_says_a_version():
    for name in ('setup.py', 'pyproject.toml', 'CMakeLists.txt'):
        text = (ROOT / name).read_text()
        assert not re.search(r'(?<![\w-])version\s*=\s*[\'"]|project\([^)]*VERSION', text), name


def test_cmake_finds_what_package_xml_names_for_the_build():
    found = set(re.findall(r'find_package\((\w+)', CMAKE)) - {'Python3'}  # ROS' own
    keys = depends('buildtool_depend', 'build_depend', 'depend')
    named = {BUILD_KEYS.get(key, key) for key in keys}
    assert found >= named
    of_tests = found - named
    assert of_tests >= {'ament_cmake_pytest', 'ament_lint_auto'}
    assert of_tests <= depends('test_depend')


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
