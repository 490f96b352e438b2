"""What tests need besides the code: model files and pictures, neither of which is in the tree.

A test that lacks them is skipped, or fails if FACEMESH_REQUIRE_DATA=1 (as CI sets it), so that a
skip cannot hide a missing truth.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings as hypothesis_settings

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import BUNDLE, BUNDLE_URL
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.models.store import ModelStore

# Helpers of several rooms' tests.
sys.path.insert(0, str(Path(__file__).with_name('support')))

# Shared runners are slow at times; no test here is about speed.
hypothesis_settings.register_profile('untimed', deadline=None, print_blob=True)
hypothesis_settings.load_profile('untimed')

# A test run that was started in the background, or by nohup, ignores signals, and so would its
# children, to which some tests send them.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# What is measured and compiled for this machine is neither the user's nor of an earlier run.
_CACHE = tempfile.TemporaryDirectory(prefix='facemesh-tests-')
os.environ['FACEMESH_CACHE_DIR'] = _CACHE.name

# Where there is no ROS 2, as after `pip install .`, its tests cannot even be read.
collect_ignore = [] if importlib.util.find_spec('rclpy') else ['ros']

Require = Callable[[Any, str], None]

# What skipped tests needed, by the words of their reasons, and what to do about it.
_NEEDS = (
    (
        r'FACEMESH_DATA|test data|the clip',
        'the test pictures, which are not published with the code',
        'set FACEMESH_DATA to their folder',
    ),
    (
        rf'{BUNDLE.file_name}|the (model|original of) (v2|blendshapes)',
        "the official bundle's models",
        f'download {BUNDLE_URL} and set FACEMESH_MODEL_SOURCES={BUNDLE.file_name}',
    ),
    (
        r'the model |the original of |model files',
        'other models',
        "`./run shell -c 'facemesh models fetch'`",
    ),
    (r'other distro|second distribution', 'two distributions', '`./run setup --distro jazzy`'),
    (r'hri_msgs', 'the messages of ROS4HRI', 'install ros-<distro>-hri-msgs'),
    (r'ROS', 'a ROS installation', 'source its setup.bash'),
    (
        r'onnxruntime-gpu|no CUDA',
        'a GPU build of ONNX Runtime',
        'docs/gpu_install.md says which; FACEMESH_GPU_PYTHON may name its Python',
    ),
    (r'openvino', 'OpenVINO', '`pip install openvino`'),
    (
        r'DDS security',
        'a middleware with DDS security',
        'that of a ROS installation, or Cyclone DDS: docs/middleware.md',
    ),
    (r'Chromium', 'Chromium', '`apt install chromium`, or set FACEMESH_CHROMIUM to its path'),
    (r'strace', 'strace, and the right to trace processes', '`apt install strace`'),
    (r'', 'another kind of machine or user', 'nothing is wrong with this one'),
)


def require(condition: Any, what: str) -> None:
    """Skip the test, or fail it under FACEMESH_REQUIRE_DATA=1, unless `condition` holds.

    A path holds if it exists.
    """
    if condition.exists() if isinstance(condition, Path) else condition:
        return
    if os.environ.get('FACEMESH_REQUIRE_DATA') == '1':
        pytest.fail(f'needs {what}, and FACEMESH_REQUIRE_DATA=1 forbids to skip')
    pytest.skip(f'needs {what}')


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_terminal_summary(terminalreporter: Any) -> Iterator[None]:
    """Say at the end how much was left out, why, and what to do about it."""
    yield
    skipped = terminalreporter.stats.get('skipped', [])
    if not skipped:
        return
    outcomes = ('passed', 'failed', 'error', 'skipped')
    count = sum(len(terminalreporter.stats.get(outcome, [])) for outcome in outcomes)
    share = 100 * len(skipped) / count
    terminalreporter.section(f'{len(skipped)} of {count} tests ({share:.0f} %) were skipped')
    needs = Counter(need_of(report.longrepr[2]) for report in skipped)
    for (need, way), number in needs.most_common():
        terminalreporter.write_line(f'{number:>4} wanted {need}: {way}')


def need_of(reason: str) -> tuple[str, str]:
    """Return what a skipped test needed, and what to do about it."""
    return next((need, way) for words, need, way in _NEEDS if re.search(words, reason))


@pytest.fixture(scope='session', name='require')
def _require() -> Require:
    return require


@pytest.fixture(scope='session')
def require_package() -> Callable[[str], Any]:
    """Import a package that only tests need, under the same policy."""

    def imported(name: str) -> Any:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            require(False, f'the Python package {name}')

    return imported


@pytest.fixture(scope='session')
def model_store() -> ModelStore:
    """The provisioned store: $FACEMESH_MODEL_DIR or the default one; read only."""
    store = ModelStore()
    require(store.records(), f'model files in {store.folder} (facemesh models fetch)')
    return store


@pytest.fixture(scope='session')
def require_models(model_store: ModelStore) -> Callable[..., None]:
    """Ask for models by name; which ones a machine has depends on its network."""

    def required(*names: str) -> None:
        for name in names:
            require(name in model_store.records(), f'the model {name} (facemesh models fetch)')

    return required


@pytest.fixture(scope='session')
def data_folder() -> Path:
    """The folder of pictures and clips: $FACEMESH_DATA, else shared/data beside the checkout."""
    beside = Path(__file__).parents[2] / 'shared' / 'data'
    folder = Path(os.environ.get('FACEMESH_DATA') or beside)
    require(folder, f'the folder of pictures {folder} (set FACEMESH_DATA)')
    return folder


@pytest.fixture(scope='session')
def astronaut(require_package: Callable[[str], Any]) -> np.ndarray:
    """(512, 512, 3) RGB with one face, read only."""
    rgb = require_package('skimage.data').astronaut()
    rgb.flags.writeable = False
    return rgb


@pytest.fixture(scope='session', params=['cpu', 'openvino'])
def cpu_runtime(request: pytest.FixtureRequest) -> str:
    """Each execution provider that runs models on a CPU."""
    name: str = request.param
    require(name == 'cpu' or openvino_version(), 'the Python package openvino')
    return name


@pytest.fixture(scope='session')
def network_of(model_store: ModelStore, require_models: Callable[..., None]) -> Any:
    """Open a provisioned model on the CPU."""

    def opened(name: str) -> ModelSession:
        require_models(name)
        return ModelSession(model_store.load(name, Variant.CPU), ProviderChoice('cpu'))

    return opened
