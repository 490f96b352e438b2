"""What the GPU providers are told."""

from __future__ import annotations

from facemesh_ros.inference.provider_options import EngineFolder, cuda_options, tensorrt_options


def test_memory_is_bounded_and_fp32_is_fp32():
    options = cuda_options(1)
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
