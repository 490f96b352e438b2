"""What the GPU providers are told."""

from __future__ import annotations

import pytest

from facemesh_ros.inference.gpu.executor_factory import captured_models
from facemesh_ros.inference.provider_options import EngineFolder, cuda_options, tensorrt_options
from facemesh_ros.inference.providers import ExecutionProviderError, ProviderChoice


def test_memory_is_bounded_and_fp32_is_fp32():
    options = cuda_options(1, 'fp32')
    assert options['device_id'] == '1'
    assert int(options['gpu_mem_limit']) <= 1 << 30
    assert options['arena_extend_strategy'] == 'kSameAsRequested'
    assert options['use_tf32'] == '0'


def test_tensorrt_builds_one_engine_for_all_batches():
    options = tensorrt_options(0, fp16=False, folder=None, profile={'image': (256, 256, 3)})
    assert options['trt_profile_min_shapes'] == 'image:1x256x256x3'
    assert options['trt_profile_max_shapes'] == 'image:64x256x256x3'
    assert 'trt_fp16_enable' not in options
    assert 'trt_engine_cache_enable' not in options


def test_tensorrt_keeps_engines_and_timings_in_its_folder():
    folder = EngineFolder('/cache/v2', '/cache/timings')
    options = tensorrt_options(0, fp16=True, folder=folder, profile={})
    assert options['trt_engine_cache_path'] == '/cache/v2'
    assert options['trt_timing_cache_path'] == '/cache/timings'
    assert options['trt_engine_cache_enable'] == options['trt_timing_cache_enable'] == '1'
    assert options['trt_fp16_enable'] == '1'


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ([('fuse_conv_bias', '1')], 'set prefer_nhwc to 1 too, or fuse_conv_bias to 0'),
        ([('prefer_nhwc', '0'), ('fuse_conv_bias', '1')], 'fuse_conv_bias without prefer_nhwc'),
        ([('device_id', '1')], 'choose the GPU by the parameter device_id'),
        ([('user_compute_stream', '1')], 'user_compute_stream is set by this package'),
    ],
)
def test_options_that_are_wrong_together_are_refused(options, message):
    with pytest.raises(ExecutionProviderError, match=message):
        ProviderChoice('cuda', cuda_options=tuple(options))


def test_graphs_are_off_where_a_release_loses_pointers():
    """Old releases copy arrays of pointers again at each replay, from memory that was reused."""
    names, choice = (
        ['v2', 'attention', 'mesh', 'short_range', 'blendshapes'],
        ProviderChoice('cuda'),
    )
    assert captured_models(names, choice, '1.31.1') == set(names)
    assert captured_models(names, choice, '1.30.0') == set(names)
    assert captured_models(names, choice, '1.29.1') == {'v2', 'mesh'}
    assert captured_models(names, choice, '1.23.2') == {'v2', 'mesh'}


def test_graphs_are_off_where_they_are_not_wanted_or_not_there():
    off = ProviderChoice('cuda', cuda_options=(('enable_cuda_graph', '0'),))
    assert captured_models(['v2'], off, '1.31.1') == set()
    assert captured_models(['v2'], ProviderChoice('cpu'), '1.31.1') == set()
