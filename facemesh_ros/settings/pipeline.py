"""Settings of the pipeline and of the models that it is built from."""

from __future__ import annotations

from dataclasses import dataclass, field

from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import names_of
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.parameter_specs import check_settings, parameter


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """Tunables of the pipeline, names and defaults as in MediaPipe where it has them."""

    max_faces: int = parameter(
        16, 'Upper bound of faces per image.', low=1, high=64, read_only=True
    )
    min_detection_confidence: float = parameter(
        0.5, 'Drop detections below this score.', low=0.0, high=1.0
    )
    min_presence_confidence: float = parameter(
        0.5, 'Drop faces whose presence is not above this.', low=0.0, high=1.0
    )
    detector_rotations: str = parameter(
        'upright',
        'Which heads are looked for; all finds those on their side and upside down too.',
        choices=('upright', 'all'),
    )
    detector_interval: int = parameter(
        5, 'Look at the whole image every so many images.', low=1, high=1000
    )
    second_look: bool = parameter(
        True, 'Place the landmarks of a new face twice, the second time in a better crop.'
    )
    min_tracking_iou: float = parameter(
        0.5, 'Overlap of two boxes from which they are of one face.', low=0.0, high=1.0
    )
    min_birth_frames: int = parameter(
        2, 'Images in a row that must show a new face before it is tracked.', low=1, high=100
    )
    max_coast_frames: int = parameter(
        5, 'Images for which a face that is not seen is still published.', low=0, high=1000
    )

    filter: FilterSettings = field(default_factory=FilterSettings)

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, slots=True)
class SensorSettings(PipelineSettings):
    """Tunables of a pipeline and of the models that it is built from."""

    landmark_model: str = parameter(
        'auto',
        'Landmark model; auto takes the first of v2, attention and mesh that is provisioned.',
        choices=('auto', *names_of(Kind.LANDMARKS)),
        read_only=True,
    )
    detector: str = parameter(
        'auto',
        'Face detector; auto takes both, and looks closer at large images for small faces.',
        choices=('auto', *names_of(Kind.DETECTOR)),
        read_only=True,
    )
    publish_blendshapes: bool = parameter(
        True, 'Score 52 expressions per face, if the landmark model is v2.', read_only=True
    )
    model_dir: str = parameter(
        '',
        'Folder of model files; empty for $FACEMESH_MODEL_DIR, else the data folder of the user.',
        read_only=True,
    )
    execution_provider: str = parameter(
        'auto',
        'ONNX Runtime execution provider; auto takes CUDA where it runs, else the CPU.',
        choices=('auto', 'tensorrt', 'cuda', 'openvino', 'cpu'),
        read_only=True,
    )
    require_gpu: bool = parameter(False, 'Refuse to start on anything but a GPU.', read_only=True)
    device_id: int = parameter(0, 'Which GPU.', low=0, high=255, read_only=True)
    precision: str = parameter(
        'fp32',
        'What a GPU calculates in; the CPU and OpenVINO calculate in fp32.',
        choices=('fp32', 'fp16'),
        read_only=True,
    )
