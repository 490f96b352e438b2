"""The part that needs no ROS, for `pip install .`: the `facemesh` command and its library.

The node is built by colcon or `./run`, because it needs the generated messages.
"""

from pathlib import Path
from xml.etree import ElementTree

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import find_packages, setup

ROOT = Path(__file__).parent
# What is written into recordings.
DEFINITIONS = 'facemesh_ros.messages.definitions'
PACKAGE = ElementTree.parse(ROOT / 'package.xml').getroot()


def said(tag: str) -> str:
    """Return what package.xml says, on one line."""
    return ' '.join(PACKAGE.findtext(tag, '').split())


# As CMakeLists.txt builds it for ROS.
NATIVE = Pybind11Extension(
    'facemesh_ros.native',
    sorted(str(path.relative_to(ROOT)) for path in ROOT.glob('src/native/*.cpp')),
    cxx_std=17,
    extra_compile_args=['-O3', '-ffp-contract=off', '-fno-math-errno'],
)

# On all cores, or on as many as the variable says.
ParallelCompile('FACEMESH_BUILD_JOBS').install()

setup(
    name=said('name'),
    version=said('version'),
    description=said('description').partition(':')[0],
    license=said('license'),
    license_files=['LICENSE'],
    python_requires='>=3.10',
    packages=[
        *find_packages(
            include=['facemesh_ros', 'facemesh_ros.*'],
            exclude=['facemesh_ros.ros', 'facemesh_ros.ros.*'],
        ),
        DEFINITIONS,
    ],
    ext_modules=[NATIVE],
    package_dir={DEFINITIONS: 'msg'},
    package_data={
        'facemesh_ros': ['*.pyi'],
        'facemesh_ros.geometry.face_tables': ['*'],
        'facemesh_ros.viz.report': ['*.css', '*.js'],
        DEFINITIONS: ['*.msg'],
    },
    install_requires=[
        # The converter of the models: nothing runs before `facemesh models fetch`.
        'flatbuffers',
        'numpy>=1.21.6',
        'onnx',
        'onnxruntime',
        'openvino; platform_machine == "x86_64"',
        'opencv-python-headless>=4.5.4',
        'pillow>=9.0.1',
        'pyyaml',
        'rich',
        'tflite',
    ],
    extras_require={
        'cluster': ['distributed'],
        'recordings': ['mcap', 'rosbags'],
        'view': ['mcap', 'rerun-sdk', 'rosbags'],
    },
    entry_points={'console_scripts': ['facemesh=facemesh_ros.cli.main:main']},
)
