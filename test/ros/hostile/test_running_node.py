"""A running node under fire: it survives, answers, counts, tells and grows no more.

Longer: `./run fuzz node --cases 10000`.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hostile.running_node import Campaign, running_node

# Of each input; each is followed by a good image.
CASES = {'raw': 90, 'compressed': 40}


@pytest.fixture
def face(astronaut_bgr):
    return np.ascontiguousarray(cv2.resize(astronaut_bgr[:300, 80:380], (160, 160)))


@pytest.mark.parametrize('transport', CASES)
def test_a_node_under_fire_answers_every_good_image(ros, model_store, tmp_path, face, transport):
    with running_node(tmp_path / 'log', transport) as node:
        campaign = Campaign(node, transport, face)
        try:
            found = campaign.run(CASES[transport])
        finally:
            campaign.close()
        assert sum(found.sent.values()) >= CASES[transport] - 2
        assert found.outcomes['refused'] > 10
        assert found.problems() == []
        assert node.problems() == []
        # Once in ten seconds for each kind, and the campaign takes about as long.
        assert max(node.refusals().values()) < found.outcomes['refused'] / 3
