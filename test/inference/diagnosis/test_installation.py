"""What pip has installed, read off a folder as pip leaves it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import onnxruntime
import pytest

from facemesh_ros.inference import nvidia_libraries
from facemesh_ros.inference.diagnosis.facts import detect_installation
from facemesh_ros.inference.nvidia_libraries import load_cuda_libraries

# What preload_dlls of onnxruntime-gpu 1.31.1 prints where pip's NVIDIA packages are not.
PRELOADING_SAYS = """\
Failed to load libcublasLt.so.13: libcublasLt.so.13: cannot open shared object file: No such file or directory
Failed to load /opt/venv/nvidia/cu13/lib/libcurand.so.10: file too short
Please follow https://onnxruntime.ai/docs/install/#cuda-and-cudnn to install CUDA.
"""  # noqa: E501


@pytest.fixture
def site_packages(tmp_path, monkeypatch) -> Path:
    """A folder from which the module seems to be imported."""
    monkeypatch.setattr(onnxruntime, '__file__', str(tmp_path / 'onnxruntime' / '__init__.py'))
    monkeypatch.setattr(sys, 'path', [str(tmp_path)])
    return tmp_path


def record(folder: Path, name: str, version: str) -> None:
    info = folder / f'{name.replace("-", "_")}-{version}.dist-info'
    info.mkdir(parents=True)
    (info / 'METADATA').write_text(f'Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n')


def test_all_owners_of_the_module_are_found(site_packages):
    record(site_packages, 'onnxruntime', '1.32.0')
    record(site_packages, 'onnxruntime-gpu', '1.31.1')
    record(site_packages, 'onnxruntime-extensions', '0.15.0')
    found = detect_installation()
    assert found.runtimes == {'onnxruntime': '1.32.0', 'onnxruntime-gpu': '1.31.1'}
    assert found.version == onnxruntime.__version__


def test_one_in_another_folder_overwrites_nothing(site_packages, tmp_path_factory, monkeypatch):
    """As in an environment that sees the system's packages too."""
    elsewhere = tmp_path_factory.mktemp('system')
    record(site_packages, 'onnxruntime-gpu', '1.31.1')
    record(elsewhere, 'onnxruntime', '1.23.2')
    monkeypatch.setattr(sys, 'path', [str(site_packages), str(elsewhere)])
    assert detect_installation().runtimes == {'onnxruntime-gpu': '1.31.1'}


def test_nvidias_packages_are_found(site_packages):
    for name, version in [('nvidia-cudnn-cu12', '9.10.2.21'), ('tensorrt-cu13', '11.2.1')]:
        record(site_packages, name, version)
    record(site_packages, 'numpy', '2.4.0')
    assert detect_installation().nvidia == {
        'nvidia-cudnn-cu12': '9.10.2.21',
        'tensorrt-cu13': '11.2.1',
    }
    shutil.rmtree(site_packages / 'tensorrt_cu13-11.2.1.dist-info')
    assert 'tensorrt-cu13' not in detect_installation().nvidia


@pytest.fixture
def preloading(monkeypatch):
    """Let ONNX Runtime print what it does not find."""
    monkeypatch.setattr(onnxruntime, 'preload_dlls', lambda: print(PRELOADING_SAYS), raising=False)
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: ['CUDAExecutionProvider'])
    load_cuda_libraries.cache_clear()
    yield
    load_cuda_libraries.cache_clear()


def test_missing_libraries_are_named_and_the_output_is_left_to_results(
    preloading, monkeypatch, capsys
):
    monkeypatch.setattr(nvidia_libraries, 'CUDNN', 'libcudnn.so.9-that-is-nowhere')
    assert load_cuda_libraries() == (
        'libcublasLt.so.13',
        'libcurand.so.10',
        'libcudnn.so.9-that-is-nowhere',
    )
    assert capsys.readouterr().out == ''


def test_a_build_for_the_cpu_misses_nothing(monkeypatch):
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: ['CPUExecutionProvider'])
    load_cuda_libraries.cache_clear()
    assert load_cuda_libraries() == ()
    load_cuda_libraries.cache_clear()
