"""The forms a model is converted to."""

from __future__ import annotations

from enum import Enum


class Flavour(Enum):
    """One converted file per kind of hardware; the numbers that come out are the same.

    Attributes:
        PLAIN: Node by node as in the original: for CUDA, TensorRT and OpenVINO.
        CPU: What takes ONNX Runtime's CPU provider out of its blocked channel layout (PRelu,
            padding of channels) is written as convolutions, which stay in it; two to three times
            as fast for landmark models, if all graph optimisations are on.
    """

    PLAIN = 'plain'
    CPU = 'cpu'
