"""What the catalog says of a model: its files, its inputs and outputs, its thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a model is for."""

    DETECTOR = 'detector'
    LANDMARKS = 'landmarks'
    BLENDSHAPES = 'blendshapes'


class Variant(Enum):
    """Converted file of a model for one kind of hardware.

    Attributes:
        PLAIN: The original graph, node by node: for TensorRT, OpenVINO, and CUDA with crops.
        CPU: The same numbers. What takes ONNX Runtime's CPU provider out of its blocked channel
            layout (PRelu, padding of channels) is written as convolutions, which stay in it;
            parallel branches with the same layers are one branch of grouped layers. Two to three
            times as fast for landmark models, if all graph optimisations are on.
        HALF: PLAIN with layers that calculate in fp16, for CUDA and TensorRT; inputs, outputs and
            whatever calculates coordinates stay fp32.
        PLAIN_IMAGES: PLAIN behind the sampling of its crops from camera images, for CUDA; brings
            landmarks back to the image.
        HALF_IMAGES: The same around HALF.
    """

    PLAIN = 'plain'
    CPU = 'cpu'
    HALF = 'half'
    PLAIN_IMAGES = 'images'
    HALF_IMAGES = 'half.images'

    @property
    def is_half(self) -> bool:
        """Whether its layers calculate in fp16."""
        return self in (Variant.HALF, Variant.HALF_IMAGES)

    @property
    def takes_images(self) -> bool:
        """Whether it samples its crops itself."""
        return self in (Variant.PLAIN_IMAGES, Variant.HALF_IMAGES)

    @property
    def precision(self) -> str:
        """What most of the layers calculate in, fp32 or fp16."""
        return 'fp16' if self.is_half else 'fp32'


@dataclass(frozen=True, slots=True)
class Archive:
    """Published zip file that holds models.

    Attributes:
        file_name: As it is published.
        size: Bytes.
        sha256: Of the whole file.
        title: For people.
    """

    file_name: str
    size: int
    sha256: str
    title: str


@dataclass(frozen=True, slots=True)
class Member:
    """TFLite file inside an archive.

    Attributes:
        archive: Which archive.
        path: Its exact name in it.
        size: Bytes.
        sha256: Of the TFLite file.
    """

    archive: Archive
    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """How a detector's outputs are decoded, and how often it may run.

    Attributes:
        layers: Stride in px of the input and anchors per cell of each feature map.
        smallest_face: Height of the smallest face that it detects well, as a fraction of the
            input's side; measured by shrinking faces.
        max_runs_per_image: Most runs per image of a stream, so that the search costs no more than
            following two or three faces.
        stage: The class that decodes it, as `module:Class`; see `assembly/models`.
    """

    layers: tuple[tuple[int, int], ...]
    smallest_face: float
    max_runs_per_image: int
    stage: str = 'facemesh_ros.detection.blazeface:BlazeFace'


@dataclass(frozen=True, slots=True)
class LandmarkSpec:
    """What a landmark model's pipeline depends on.

    Attributes:
        max_iou: IoU above which two detections are the same face.
        square_roi: Whether the first crop is square, or as wide and high as the detection.
        blendshape_model: The model that scores expressions from its landmarks; empty for none.
        stage: The class that decodes it, as `module:Class`; see `assembly/models`.
    """

    max_iou: float
    square_roi: bool
    blendshape_model: str = ''
    stage: str = 'facemesh_ros.landmarks.face_mesh:FaceMesh'


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model.

    Attributes:
        name: How parameters and files call it.
        kind: What it is for.
        members: Equivalent TFLite files, the preferred one first.
        input_size: Side of the square input in px, 0 if the input is no image.
        points: How many landmarks come out of a landmark model or go into a blendshape model,
            0 for a detector.
        mesh_output: Original name of the landmarks' output, empty if none come out.
        flag_output: Original name of the face flag's output (a logit), empty if there is none.
        spec: What the pipeline must know of it; None for a blendshape model.
        has_ragged_concat: Whether its graph joins tensors of unequal length. ONNX Runtime's CUDA
            provider copies arrays of pointers for that, which old releases lose in a CUDA graph.
    """

    name: str
    kind: Kind
    members: tuple[Member, ...]
    input_size: int = 0
    points: int = 0
    mesh_output: str = ''
    flag_output: str = ''
    spec: DetectorSpec | LandmarkSpec | None = None
    has_ragged_concat: bool = False

    @property
    def input_name(self) -> str:
        """Name of the input of converted files that take crops or points."""
        return 'points' if self.kind is Kind.BLENDSHAPES else 'image'

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input without its batch axis."""
        if self.kind is Kind.BLENDSHAPES:
            return (self.points, 2)
        return (self.input_size, self.input_size, 3)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """What it is converted to."""
        if self.kind is Kind.BLENDSHAPES:
            # It normalises between all its layers, which needs fp32.
            return (Variant.PLAIN, Variant.CPU)
        return tuple(Variant)

    def file_name(self, variant: Variant) -> str:
        """Return the name of the ONNX file of a variant."""
        suffix = '' if variant is Variant.PLAIN else f'.{variant.value}'
        return f'{self.name}{suffix}.onnx'
