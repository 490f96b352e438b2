"""Cached TensorRT engines: never those of another model, GPU, driver or release."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from facemesh_ros.inference.cache_folder import default_folder
from facemesh_ros.inference.hardware import Gpu
from facemesh_ros.inference.tensorrt.engine_cache import EngineCache, Machine

H200 = Machine(Gpu('NVIDIA H200', '9.0'), '580.65.06', '10.16.1', '1.31.1')
MODEL = b'an ONNX file'


def built(cache: EngineCache, model: str = 'v2', onnx: bytes = MODEL, precision: str = 'fp32'):
    """Build an engine as TensorRT does, by writing files of its own naming."""
    place = cache.folder_of(model, onnx, precision)
    with cache.building(place):
        (Path(place.engines) / 'TensorrtExecutionProvider_1_sm90.engine').write_bytes(b'engine')
    return place


def test_what_was_built_is_found_by_the_next_process(tmp_path):
    place = built(EngineCache(H200, tmp_path))
    again = EngineCache(H200, tmp_path)
    assert again.folder_of('v2', MODEL, 'fp32') == place
    assert again.is_built(place)


@pytest.mark.parametrize(
    'other',
    [
        replace(H200, gpu=Gpu('NVIDIA L4', '8.9')),
        replace(H200, driver='590.10.01'),
        replace(H200, tensorrt='10.17.0'),
        replace(H200, onnxruntime='1.32.0'),
    ],
)
def test_another_machine_builds_its_own_engine_and_timings(tmp_path, other):
    place = built(EngineCache(H200, tmp_path))
    cache = EngineCache(other, tmp_path)
    new = cache.folder_of('v2', MODEL, 'fp32')
    assert not cache.is_built(new)
    assert new.timings != place.timings


@pytest.mark.parametrize(
    'other', [('v2', b'another file', 'fp32'), ('v2', MODEL, 'fp16'), ('mesh', MODEL, 'fp32')]
)
def test_another_model_builds_its_own_engine_with_the_same_timings(tmp_path, other):
    cache = EngineCache(H200, tmp_path)
    place, new = built(cache), cache.folder_of(*other)
    assert not cache.is_built(new)
    assert new.engines != place.engines
    assert new.timings == place.timings


def test_an_interrupted_build_begins_anew(tmp_path):
    cache = EngineCache(H200, tmp_path)
    place = cache.folder_of('v2', MODEL, 'fp32')
    half = Path(place.engines) / 'half.engine'

    def interrupted() -> None:
        with cache.building(place):
            half.write_bytes(b'half')
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not cache.is_built(place)
    with cache.building(place):
        assert not half.exists()


def test_an_engine_that_does_not_load_is_built_anew(tmp_path):
    cache = EngineCache(H200, tmp_path)
    place = built(cache)
    cache.discard(place)
    assert not cache.is_built(place)
    built(cache)
    assert cache.is_built(place)


def test_where_nothing_can_be_written_engines_are_temporary_and_a_warning_says_so(
    tmp_path, caplog
):
    in_the_way = tmp_path / 'a file'
    in_the_way.touch()
    cache = EngineCache(H200, in_the_way)
    assert not cache.is_kept
    place = built(cache)
    assert cache.is_built(place)
    del cache
    assert not Path(place.engines).exists()
    (warning,) = caplog.records
    assert warning.levelname == 'WARNING'
    assert str(in_the_way) in warning.getMessage()
    assert '$FACEMESH_CACHE_DIR' in warning.getMessage()


def test_two_processes_do_not_build_the_same_engine_at_once(tmp_path):
    place = EngineCache(H200, tmp_path).folder_of('v2', MODEL, 'fp32')
    program = (
        'import sys\n'
        'from facemesh_ros.inference.tensorrt.engine_cache import EngineCache, EngineFolder\n'
        'place = EngineFolder(*sys.argv[1:])\n'
        'with EngineCache.building(place):\n'
        '    print("in", EngineCache.is_built(place), flush=True)\n'
    )
    with EngineCache.building(place):
        other = subprocess.Popen(
            [sys.executable, '-c', program, place.engines, place.timings],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
        )
        with pytest.raises(subprocess.TimeoutExpired):
            other.communicate(timeout=2)
    assert other.communicate(timeout=30)[0] == 'in True\n'


@pytest.mark.parametrize(
    ('chosen', 'expected'),
    [
        ({'FACEMESH_CACHE_DIR': '/x/engines', 'XDG_CACHE_HOME': '/x/cache'}, '/x/engines'),
        ({'FACEMESH_CACHE_DIR': '', 'XDG_CACHE_HOME': '/x/cache'}, '/x/cache/facemesh_ros'),
        ({'FACEMESH_CACHE_DIR': '', 'XDG_CACHE_HOME': '', 'HOME': '/x'}, '/x/.cache/facemesh_ros'),
    ],
)
def test_where_they_are_kept(monkeypatch, chosen, expected):
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    assert default_folder() == Path(expected)
