"""What every function of `facemesh_ros.native` does with arrays that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest


def assert_other_shapes_are_refused(
    function: Callable[..., object], arrays: Mapping[str, Any]
) -> None:
    """Call a function with arrays that fit, then with one more axis on each in turn."""
    function(**arrays)
    for name, array in arrays.items():
        if isinstance(array, np.ndarray):
            with pytest.raises(ValueError, match=r'shape|axes'):
                function(**{**arrays, name: array[..., None]})
