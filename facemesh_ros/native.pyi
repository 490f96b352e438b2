"""Loops over pixels and landmarks, in C++ (src/native), with Python's lock released.

Who calls a function says what it does; errors of shapes are ValueError.
"""

from facemesh_ros.types import Float32, Float64, Int32, UInt8

def affine_samples(maps: Float64, size: int) -> tuple[Float32, Float32]: ...
def sample_maps(
    image: UInt8,
    maps: Float64,
    size: int,
    scale: float,
    low: float,
    is_black_outside: bool,
    is_blue_first: bool,
) -> Float32: ...
def sample_positions(
    image: UInt8,
    grid: Int32,
    scale: float,
    low: float,
    is_black_outside: bool,
    is_blue_first: bool,
) -> Float32: ...
