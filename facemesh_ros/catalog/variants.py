"""The forms a model is converted to."""

from __future__ import annotations

from enum import Enum


class Variant(Enum):
    """One converted file per kind of hardware; the numbers of the first two are the same.

    Attributes:
        PLAIN: Node by node as in the original: for CUDA, TensorRT and OpenVINO.
        CPU: What takes ONNX Runtime's CPU provider out of its blocked channel layout (PRelu,
            padding of channels) is written as convolutions, which stay in it; branches of the
            same layers are one branch of grouped layers. Two to three times as fast for landmark
            models, if all graph optimisations are on.
        HALF: PLAIN with layers that calculate in fp16, for CUDA and TensorRT; inputs, outputs and
            whatever calculates coordinates stay fp32.
    """

    PLAIN = 'plain'
    CPU = 'cpu'
    HALF = 'half'

    @property
    def precision(self) -> str:
        """What most of the network calculates in, fp32 or fp16."""
        return 'fp16' if self is Variant.HALF else 'fp32'
