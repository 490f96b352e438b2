"""One-Euro against MediaPipe's own, on one face before and after it, at uneven intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.landmark_smoother import filter_from_settings

GOLDEN = Path(__file__).parent / 'mediapipe_1_2_2_stream.npz'
# Measured: 0.00003 px, the last digit of single precision; the filter moves landmarks by 2 px.
MARGIN_PX = 1e-3


def test_one_euro_is_mediapipes():
    golden = np.load(GOLDEN)
    steady, one = filter_from_settings(FilterSettings(type='one_euro')), np.array([1])
    found = [
        steady.update(one, face[None], stamp_ms * 1_000_000)[0]
        for face, stamp_ms in zip(golden['raw'], golden['stamps_ms'].tolist(), strict=True)
    ]
    assert np.abs(golden['raw'] - golden['filtered']).max() > 1
    np.testing.assert_allclose(np.stack(found), golden['filtered'], rtol=0, atol=MARGIN_PX)
