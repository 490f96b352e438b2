"""Memory: the CPU's, and CUDA's calls on a libcudart made of the CPU's memory."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.gpu.cuda_memory import LIBRARIES, CudaMemory, cuda_runtime
from facemesh_ros.inference.gpu.memory import ALIGNMENT, ExecutorError, HostMemory, PackedBuffers

SHAPES = {
    'first': (np.dtype(np.float32), (2, 3)),
    'second': (np.dtype(np.uint8), (5,)),
    'third': (np.dtype(np.float64), (2, 1, 3)),
}


@pytest.fixture(scope='module')
def library_file(tmp_path_factory, require) -> Path:
    require(shutil.which('cc'), 'a C compiler')
    built = tmp_path_factory.mktemp('cudart') / 'libfakecudart.so'
    source = Path(__file__).with_name('fake_cudart.c')
    subprocess.run(['cc', '-shared', '-fPIC', '-o', built, source], check=True)
    return built


@pytest.fixture
def library(library_file, monkeypatch) -> ctypes.CDLL:
    monkeypatch.setattr('facemesh_ros.inference.gpu.cuda_memory.LIBRARIES', (str(library_file),))
    library = cuda_runtime()
    yield library
    variable_of(library, 'failing').value = 0


def variable_of(library: ctypes.CDLL, name: str) -> ctypes.c_int:
    return ctypes.c_int.in_dll(library, f'fake_{name}')


def current_device(library: ctypes.CDLL) -> int:
    """The calling thread's."""
    device = ctypes.c_int()
    library.cudaGetDevice(ctypes.byref(device))
    return device.value


@pytest.fixture(params=['host', 'cuda'])
def memory(request):
    if request.param == 'host':
        made = HostMemory()
    else:
        made = CudaMemory(0, request.getfixturevalue('library'))
    yield made
    made.close()


def test_uploaded_bytes_are_downloaded_again(memory):
    address = memory.allocate(1000)
    assert address % 16 == 0
    back = np.ones(1000, np.uint8)
    memory.download(back, address)
    assert not back.any()
    sent = np.arange(100, dtype=np.uint8)
    memory.upload(address + 300, sent)
    sent[:] = 0  # the source may change afterwards
    memory.download(back, address)
    assert np.array_equal(back[300:400], np.arange(100))
    assert not back[:300].any()
    assert not back[400:].any()
    memory.free(address)


def test_packed_buffers_move_all_arrays_in_one_copy(memory):
    block = PackedBuffers(memory, SHAPES)
    starts = [block.addresses[name] - block.addresses['first'] for name in SHAPES]
    assert [start % ALIGNMENT for start in starts] == [0, 0, 0]
    assert len(set(starts)) == 3
    for value, array in enumerate(block.arrays.values()):
        assert not array.any()
        array[...] = value + 1
    block.upload()
    for array in block.arrays.values():
        array[...] = 9
    block.download()
    for value, (name, (kind, shape)) in enumerate(SHAPES.items()):
        assert block.arrays[name].dtype == kind
        assert block.arrays[name].shape == shape
        assert (block.arrays[name] == value + 1).all()
    block.free()


def test_cuda_frees_what_it_allocates(library):
    memory = CudaMemory(1, library)
    assert current_device(library) == 1
    before, in_use = variable_of(library, 'blocks').value, memory.bytes_in_use()
    blocks = [memory.allocate(1 << 20) for _ in range(3)]
    assert memory.bytes_in_use() - in_use == 3 << 20
    memory.free(blocks[0])
    assert variable_of(library, 'blocks').value == before + 2
    memory.close()
    assert variable_of(library, 'blocks').value == before


def test_buffers_of_the_host_are_pinned_and_freed(library):
    pinned = variable_of(library, 'pinned')
    memory, before = CudaMemory(0, library), pinned.value
    block = PackedBuffers(memory, SHAPES)
    assert pinned.value == before + 1
    block.free()
    assert pinned.value == before
    PackedBuffers(memory, SHAPES)
    memory.close()
    assert pinned.value == before


def test_without_pinned_memory_other_memory_is_copied_as_well(library):
    memory, blocks = CudaMemory(0, library), variable_of(library, 'blocks').value
    variable_of(library, 'unpinnable').value = 1
    try:
        block = PackedBuffers(memory, SHAPES)
    finally:
        variable_of(library, 'unpinnable').value = 0
    # ONNX Runtime would take it for an error of its next kernel.
    assert library.cudaGetLastError() == 0
    block.arrays['first'][...] = 5
    block.upload()
    block.arrays['first'][...] = 0
    block.download()
    assert (block.arrays['first'] == 5).all()
    block.free()
    assert variable_of(library, 'blocks').value == blocks
    memory.close()


def test_each_thread_selects_the_device_that_it_uses(library):
    """A thread begins with device 0, and other memory of the process may be on another device."""
    first, second = CudaMemory(0, library), CudaMemory(1, library)
    seen = []

    def use():
        for memory in (second, first, second):
            memory.enter()
            seen.append(current_device(library))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [1, 0, 1]
    assert current_device(library) == 1
    first.close()
    second.close()


def test_models_run_on_the_stream_of_the_copies(library):
    memory = CudaMemory(0, library)
    assert int(memory.provider_options['user_compute_stream']) > 0
    waits, back = variable_of(library, 'waits'), np.empty(4, np.uint8)
    address, before = memory.allocate(4), waits.value
    memory.upload(address, back)
    assert waits.value == before  # once per batch: for the results
    memory.download(back, address)
    assert waits.value == before + 1
    memory.close()


def test_an_error_of_cuda_names_call_and_reason(library):
    memory = CudaMemory(0, library)
    variable_of(library, 'failing').value = 1
    with pytest.raises(ExecutorError, match=r'GPU 0: cudaMalloc: out of memory \(CUDA error 2\)'):
        memory.allocate(10)
    memory.close()  # even so
    with pytest.raises(ExecutorError, match='GPU 7: cudaSetDevice'):
        CudaMemory(7, library)


def test_without_cuda_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr('facemesh_ros.inference.gpu.cuda_memory.LIBRARIES', ('libcudart.so.0',))
    with pytest.raises(ExecutorError, match='pip install'):
        CudaMemory()
    assert issubclass(ExecutorError, FacemeshError)
    assert LIBRARIES[0].startswith('libcudart.so.')
