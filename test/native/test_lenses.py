"""Rays of a pinhole camera natively, against the formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros import native

NUMBERS = st.floats(-1e4, 1e4)


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=9),
    st.floats(50, 5000),
    st.floats(50, 5000),
    NUMBERS,
    NUMBERS,
    st.sampled_from([np.float32, np.float64]),
)
def test_a_ray_goes_through_its_pixel(points, fx, fy, cx, cy, kind):
    pixels = np.array([points, points], kind)
    plane = native.plane_from_pixels(pixels, fx, fy, cx, cy)
    at = pixels.astype(np.float64)
    expected = (at[..., 0] - cx) / fx + 1j * (at[..., 1] - cy) / fy
    np.testing.assert_allclose(plane, expected, rtol=1e-12, atol=1e-12)
    rays = native.pinhole_rays(plane)
    np.testing.assert_allclose(np.linalg.norm(rays, axis=-1), 1, rtol=1e-12)
    seen = rays[..., 0] / rays[..., 2] + 1j * rays[..., 1] / rays[..., 2]
    np.testing.assert_allclose(seen, expected, rtol=1e-9, atol=1e-12)


def test_what_is_no_pixel_is_refused_and_what_is_not_finite_is_not_seen():
    for pixels in (np.zeros(3), np.array(0.0), np.zeros((4, 3))):
        with pytest.raises(ValueError, match='shape'):
            native.plane_from_pixels(pixels, 1, 1, 0, 0)
    plane = native.plane_from_pixels(np.array([[np.nan, 0], [1, 1]]), 1, 1, 0, 0)
    assert np.isnan(native.pinhole_rays(plane)[0]).any()
    assert np.isfinite(native.pinhole_rays(plane)[1]).all()
    assert native.pinhole_rays(np.empty((0, 478), complex)).shape == (0, 478, 3)
