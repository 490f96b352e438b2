"""Blendshapes: scores of 52 facial expressions, from the landmarks alone."""

from __future__ import annotations

import numpy as np

from facemesh_ros.inference.crop_model import TensorModel
from facemesh_ros.types import Float32

# fmt: off
# The model's inputs: contours of eyes, brows, lips, nose and face, and the irises.
# Source of this and of the names: MediaPipe `face_blendshapes_graph.cc`.
LANDMARKS = np.array([
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172,
    173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283,
    284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324,
    332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385,
    386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472,
    473, 474, 475, 476, 477,
], np.intp)
# ARKit's, with a neutral face before them; left and right are the subject's.
NAMES = (
    '_neutral', 'browDownLeft', 'browDownRight', 'browInnerUp', 'browOuterUpLeft',
    'browOuterUpRight', 'cheekPuff', 'cheekSquintLeft', 'cheekSquintRight', 'eyeBlinkLeft',
    'eyeBlinkRight', 'eyeLookDownLeft', 'eyeLookDownRight', 'eyeLookInLeft', 'eyeLookInRight',
    'eyeLookOutLeft', 'eyeLookOutRight', 'eyeLookUpLeft', 'eyeLookUpRight', 'eyeSquintLeft',
    'eyeSquintRight', 'eyeWideLeft', 'eyeWideRight', 'jawForward', 'jawLeft', 'jawOpen',
    'jawRight', 'mouthClose', 'mouthDimpleLeft', 'mouthDimpleRight', 'mouthFrownLeft',
    'mouthFrownRight', 'mouthFunnel', 'mouthLeft', 'mouthLowerDownLeft', 'mouthLowerDownRight',
    'mouthPressLeft', 'mouthPressRight', 'mouthPucker', 'mouthRight', 'mouthRollLower',
    'mouthRollUpper', 'mouthShrugLower', 'mouthShrugUpper', 'mouthSmileLeft', 'mouthSmileRight',
    'mouthStretchLeft', 'mouthStretchRight', 'mouthUpperUpLeft', 'mouthUpperUpRight',
    'noseSneerLeft', 'noseSneerRight',
)
# fmt: on


class Blendshapes:
    """Stateless blendshape model; all faces of a frame go in one batch."""

    OUTPUTS = ('scores',)

    def __init__(self, model: TensorModel) -> None:
        """Check the model's output; raises ModelMismatchError if it is another model's."""
        self._model = model
        model.expect('scores', (len(NAMES),))

    def predict(self, landmarks: Float32) -> Float32:
        """Return how strongly each face shows each expression.

        Args:
            landmarks: (N, 478, 3) px; position and size of a face do not matter.

        Returns:
            (N, 52) in [0, 1], in the order of `NAMES`.
        """
        if not len(landmarks):
            return np.empty((0, len(NAMES)), np.float32)
        (scores,) = self._model.run(landmarks[:, LANDMARKS, :2])
        return scores
