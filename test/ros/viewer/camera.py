"""A camera of the tests: a moving face with its calibration."""

from __future__ import annotations

import numpy as np

from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.ros.demo.camera_node import VGA_WH, info_msg
from facemesh_ros.ros.input.image_conversion import msg_from_bgr, ns_from_stamp
from test.ros.conftest import Client

PERIOD_S = 0.05


class Camera:
    """Sends a moving face with its calibration; no two images are the same."""

    def __init__(self, client: Client, shift_px: int = 0):
        self.sent, self._client, self._shift = {}, client, shift_px
        self._face = moving_astronaut(VGA_WH)

    def send(self, header=None):
        header = header or self._client.header()
        bgr = np.roll(self._face.image_at(len(self.sent) * PERIOD_S), self._shift, axis=1)
        self.sent[ns_from_stamp(header)] = bgr
        self._client.camera_infos.publish(info_msg(VGA_WH, header))
        self._client.send(msg_from_bgr(bgr, header))
        return header

    def send_until(self, reached, what):
        def is_reached():
            self.send()
            self._client.spin_for(PERIOD_S)
            return reached()

        self._client.wait_until(is_reached, what)


def with_picture(seen):
    return [it for it in seen if it.frame is not None]
