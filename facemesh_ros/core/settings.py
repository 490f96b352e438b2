"""Tunables of the pipeline: one documented dataclass field declares default, range and text.

The ROS shell declares a parameter from each field, the YAML file and the README table are tested
against them, and the command line reads its defaults here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, cast

from facemesh_ros.errors import FacemeshError

Scalar = bool | int | float | str


class SettingsError(FacemeshError):
    """A setting outside its range or choices; the text names them."""


@dataclass(frozen=True, slots=True)
class Tunable:
    """What is known of one tunable besides its default.

    Attributes:
        text: One sentence for people.
        low: Smallest allowed value, None if unbounded.
        high: Largest allowed value, None if unbounded.
        choices: Allowed values of a string, empty if free.
        read_only: Whether a change needs a new start.
    """

    text: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    read_only: bool


def tunable(
    default: Scalar,
    text: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    read_only: bool = False,
) -> Any:
    """Declare a dataclass field that is also a ROS parameter; see `Tunable` for the arguments."""
    return field(
        default=default, metadata={'tunable': Tunable(text, low, high, choices, read_only)}
    )


def tunables(settings: type) -> dict[str, tuple[Scalar, Tunable]]:
    """Return default and `Tunable` of each tunable field of a dataclass, by name."""
    known: dict[str, tuple[Scalar, Tunable]] = {}
    for item in fields(settings):
        if 'tunable' in item.metadata:
            known[item.name] = cast(Scalar, item.default), item.metadata['tunable']
    return known


def check_settings(settings: Any) -> None:
    """Raise SettingsError if a tunable of a settings dataclass is outside its range or choices."""
    for name, (_, known) in tunables(type(settings)).items():
        value = getattr(settings, name)
        if known.choices and value not in known.choices:
            raise SettingsError(f'{name} must be one of {", ".join(known.choices)}; got {value!r}')
        if known.low is not None and not value >= known.low:
            raise SettingsError(f'{name} must be at least {known.low:g}; got {value!r}')
        if known.high is not None and not value <= known.high:
            raise SettingsError(f'{name} must be at most {known.high:g}; got {value!r}')


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """Tunables of the pipeline, names and defaults as in MediaPipe where it has them."""

    max_faces: int = tunable(4, 'Upper bound of faces per image.', low=1, high=64, read_only=True)
    min_detection_confidence: float = tunable(
        0.5, 'Drop detections below this score.', low=0.0, high=1.0
    )
    min_presence_confidence: float = tunable(
        0.5, 'Drop faces whose presence is not above this.', low=0.0, high=1.0
    )
    detector_rotations: str = tunable(
        'upright',
        'Which heads are looked for; all finds those on their side and upside down too.',
        choices=('upright', 'all'),
    )
    detector_interval: int = tunable(
        5, 'Look at the whole image every so many images.', low=1, high=1000
    )
    second_look: bool = tunable(
        True, 'Place the landmarks of a new face twice, the second time in a better crop.'
    )
    min_tracking_iou: float = tunable(
        0.5, 'Overlap of two boxes from which they are of one face.', low=0.0, high=1.0
    )
    min_birth_frames: int = tunable(
        2, 'Images in a row that must show a new face before it is tracked.', low=1, high=100
    )
    max_coast_frames: int = tunable(
        5, 'Images for which a face that is not seen is still published.', low=0, high=1000
    )

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, slots=True)
class SensorSettings(PipelineSettings):
    """Tunables of a pipeline and of the models that it is built from."""

    landmark_model: str = tunable(
        'auto',
        'Landmark model; auto takes the first of v2, attention and mesh that is provisioned.',
        choices=('auto', 'mesh', 'attention', 'v2'),
        read_only=True,
    )
    detector: str = tunable(
        'auto',
        'Face detector; auto takes both, and looks closer at large images for small faces.',
        choices=('auto', 'short_range', 'full_range'),
        read_only=True,
    )
    publish_blendshapes: bool = tunable(
        True, 'Score 52 expressions per face, if the landmark model is v2.', read_only=True
    )
    model_dir: str = tunable(
        '',
        'Folder of model files; empty for $FACEMESH_MODEL_DIR, else the data folder of the user.',
        read_only=True,
    )
    execution_provider: str = tunable(
        'auto',
        'ONNX Runtime execution provider; auto takes CUDA where it runs, else the CPU.',
        choices=('auto', 'tensorrt', 'cuda', 'openvino', 'cpu'),
        read_only=True,
    )
    require_gpu: bool = tunable(False, 'Refuse to start on anything but a GPU.', read_only=True)
    device_id: int = tunable(0, 'Which GPU.', low=0, high=255, read_only=True)
