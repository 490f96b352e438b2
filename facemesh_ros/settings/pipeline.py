"""Parameters of the pipeline and of the models that it is built from."""

from __future__ import annotations

from dataclasses import dataclass, field

from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import names_of
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.parameter_specs import check_settings, parameter


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """Parameters of the pipeline, names and defaults as in MediaPipe where it has them."""

    max_faces: int = parameter(
        16, 'Maximum number of faces per image.', low=1, high=64, read_only=True
    )
    min_detection_confidence: float = parameter(
        0.5, 'Discard detections below this score.', low=0.0, high=1.0
    )
    min_presence_confidence: float = parameter(
        0.5, 'Discard faces whose presence score is not above this.', low=0.0, high=1.0
    )
    detector_rotations: str = parameter(
        'upright',
        'Head orientations to detect; all includes heads on their side and upside down, at four '
        'times the detector runs.',
        choices=('upright', 'all'),
    )
    detector_interval: int = parameter(
        5,
        'Run the detector on the whole frame every N frames; tiles are spread over twice as many, '
        'and are larger and rarer while the same faces stay in view.',
        low=1,
        high=1000,
    )
    second_look: bool = parameter(
        True, "Refine a new face's landmarks by a second inference in the ROI of the first."
    )
    min_tracking_iou: float = parameter(
        0.5, 'IoU above which two boxes are the same face.', low=0.0, high=1.0
    )
    min_birth_frames: int = parameter(
        2, 'Consecutive frames that must show a new face before it is tracked.', low=1, high=100
    )
    max_coast_frames: int = parameter(
        5,
        'Frames for which a track is still published after its face was last seen.',
        low=0,
        high=1000,
    )
    metric_mode: str = parameter(
        'auto',
        "What says how far a face is: a depth image, the irises' known size, or an average face "
        '(canonical); auto is the first of them that can be used, none leaves metres out.',
        choices=('auto', 'none', 'canonical', 'iris', 'depth'),
    )

    filter: FilterSettings = field(default_factory=FilterSettings)

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, slots=True)
class SensorSettings(PipelineSettings):
    """Parameters of a pipeline and of the models that it is built from."""

    landmark_model: str = parameter(
        'auto',
        'Landmark model; auto is the first of v2, attention and mesh that is provisioned.',
        choices=('auto', *names_of(Kind.LANDMARKS)),
        read_only=True,
    )
    detector: str = parameter(
        'auto',
        'Face detector; auto runs both, and tiles large images to find small faces.',
        choices=('auto', *names_of(Kind.DETECTOR)),
        read_only=True,
    )
    publish_blendshapes: bool = parameter(
        True,
        'Publish 52 blendshape scores per face, if the landmark model is v2 and blendshapes is '
        'provisioned.',
        read_only=True,
    )
    model_dir: str = parameter(
        '',
        "Folder of model files; empty for $FACEMESH_MODEL_DIR, else the user's data folder.",
        read_only=True,
    )
    execution_provider: str = parameter(
        'auto',
        'What runs the models; auto is CUDA where it works, else what is quicker on this CPU: '
        'ONNX Runtime (cpu) or, if that is installed, OpenVINO.',
        choices=('auto', 'tensorrt', 'cuda', 'openvino', 'cpu'),
        read_only=True,
    )
    require_gpu: bool = parameter(False, 'Refuse to start on anything but a GPU.', read_only=True)
    device_id: int = parameter(0, 'Index of the GPU.', low=0, high=255, read_only=True)
    precision: str = parameter(
        'fp32',
        'Floating-point precision on a GPU; the CPU and OpenVINO always use fp32.',
        choices=('fp32', 'fp16'),
        read_only=True,
    )
