"""Variants of how ONNX Runtime runs the models, and the choices that ask for them."""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros.inference.providers import ProviderChoice

NHWC = ('prefer_nhwc', '1')
FUSED = ('fuse_conv_bias', '1')
NO_GRAPHS = ('enable_cuda_graph', '0')
TF32 = ('use_tf32', '1')


@dataclass(frozen=True)
class Variant:
    """One way to run the models.

    Attributes:
        name: For people.
        precision: See `ProviderChoice`.
        cuda_options: See `ProviderChoice`.
        eligible: Whether it may be recommended.
    """

    name: str
    precision: str = 'fp32'
    cuda_options: tuple[tuple[str, str], ...] = ()
    eligible: bool = True

    def choice(self, provider: str, device_id: int) -> ProviderChoice:
        """Return what asks for it; the CPU has no variants, and runs each as plain fp32."""
        if provider == 'cpu':
            return ProviderChoice('cpu')
        return ProviderChoice(
            provider,
            device_id=device_id,
            precision=self.precision,
            cuda_options=self.cuda_options,
        )

    @property
    def asks_for(self) -> str:
        """The settings of its own, as text."""
        options = [f'{name}={value}' for name, value in self.cuda_options]
        return ', '.join([*(['precision fp16'] * (self.precision == 'fp16')), *options])


# What the package does by default, and the truth of all others: nothing in it is clever.
DEFAULT = Variant('fp32')
REFERENCE = Variant('fp32 without graphs', cuda_options=(NO_GRAPHS,))
# The default in a second process: two that differ by less than these two do not differ.
AGAIN = Variant('fp32 again', eligible=False)
# The simpler of two comes first: it is preferred where their times are the same.
VARIANTS = (
    DEFAULT,
    AGAIN,
    REFERENCE,
    Variant('fp16', 'fp16'),
    Variant('NHWC', cuda_options=(NHWC,)),
    Variant('NHWC + fused bias', cuda_options=(NHWC, FUSED)),
    Variant('fp16 + NHWC', 'fp16', (NHWC,)),
    Variant('fp16 + NHWC + fused bias', 'fp16', (NHWC, FUSED)),
    Variant('fp16 without graphs', 'fp16', (NO_GRAPHS,)),
    Variant('NHWC without graphs', cuda_options=(NHWC, NO_GRAPHS)),
    Variant('NHWC + fused bias without graphs', cuda_options=(NHWC, FUSED, NO_GRAPHS)),
    # Its products of 10 bits move landmarks; it shows what fp32 costs.
    Variant('TF32', cuda_options=(TF32,), eligible=False),
)
