"""Anchors as MediaPipe's face detectors were trained with."""

from __future__ import annotations

import numpy as np
import pytest

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.blazeface import anchor_centres


@pytest.fixture(scope='module')
def anchors() -> np.ndarray:
    return anchor_centres(128, detector_spec('short_range').layers)


def test_there_are_896(anchors):
    # face_detection_short_range.pbtxt: strides 8, 16, 16, 16, two anchors per cell and stride.
    assert anchors.shape == (16 * 16 * 2 + 8 * 8 * 6, 2) == (896, 2)


def test_cells_follow_one_another_row_by_row(anchors):
    fine = anchors[:512].reshape(16, 16, 2, 2)
    coarse = anchors[512:].reshape(8, 8, 6, 2)
    for cells, stride in ((fine, 8), (coarse, 16)):
        for row in range(len(cells)):
            for column in range(len(cells)):
                centre = (column + 0.5) * stride, (row + 0.5) * stride
                assert (cells[row, column] == centre).all()


def test_full_range_follows_the_same_rule():
    # face_detection_full_range.pbtxt: one layer of stride 4, one anchor per cell, 192 px.
    anchors = anchor_centres(192, detector_spec('full_range').layers)
    assert anchors.shape == (48 * 48, 2)
    assert anchors[1].tolist() == [6, 2]
    assert anchors[48].tolist() == [2, 6]
    assert anchors[-1].tolist() == [190, 190]
