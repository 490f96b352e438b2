"""A running node under fire: it survives, answers, counts, tells and grows no more.

Longer: `./run fuzz node --cases 10000`.
"""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from hostile.running_node import Campaign, running_node

from facemesh_ros.ros.diagnostics.stream_status import LOG_PERIOD_S

# Of each input; each is followed by a good image.
CASES = {'raw': 90, 'compressed': 40}


@pytest.fixture
def face(astronaut_bgr):
    return np.ascontiguousarray(cv2.resize(astronaut_bgr[:300, 80:380], (160, 160)))


@pytest.mark.parametrize('transport', CASES)
def test_a_node_under_fire_answers_every_good_image(ros, model_store, tmp_path, face, transport):
    with running_node(tmp_path / 'log', transport) as node:
        began_s = time.monotonic()
        campaign = Campaign(node, transport, face)
        try:
            found = campaign.run(CASES[transport])
        finally:
            campaign.close()
        assert sum(found.sent.values()) >= CASES[transport] - 2
        assert found.outcomes['refused']
        # How many are replaced by the good image behind them, the load of the machine decides.
        assert found.outcomes['refused'] + found.outcomes['replaced'] > 10
        assert found.problems() == []
        assert node.problems() == []
        # Each kind at most once in so many seconds.
        most = (time.monotonic() - began_s) / LOG_PERIOD_S + 1
        assert max(node.refusals().values()) <= most
