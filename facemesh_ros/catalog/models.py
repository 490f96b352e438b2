"""The models this project knows, and the pinned files they come from.

All are Apache-2.0 and made by Google for MediaPipe. A model's TFLite file is pinned by its
SHA-256; a source is only a way to get at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from facemesh_ros.catalog.variants import Variant
from facemesh_ros.errors import MissingModelError

# Raise it with every change of the converted files; older conversions are then redone.
CONVERTER_VERSION = '5'


class Kind(Enum):
    """What a model is for."""

    DETECTOR = 'detector'
    LANDMARKS = 'landmarks'
    BLENDSHAPES = 'blendshapes'


class Part(Enum):
    """What goes around a network to make one graph from camera images to image pixels.

    Attributes:
        CROPS: In front of it: samples the crops of camera images.
        POINTS: Behind a landmark model: brings its landmarks from the crops to the image.
    """

    CROPS = 'crops'
    POINTS = 'points'


# One model of each is all that the node cannot do without.
REQUIRED_KINDS = frozenset({Kind.DETECTOR, Kind.LANDMARKS})


@dataclass(frozen=True, slots=True)
class Archive:
    """A published zip file that holds models.

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


BUNDLE = Archive(
    file_name='face_landmarker.task',
    size=3_758_596,
    sha256='64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff',
    title='official bundle face_landmarker.task',
)
BUNDLE_URL = (
    'https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/'
    + BUNDLE.file_name
)
# The last release of the package that ships models.
WHEEL_REQUIREMENT = 'mediapipe==0.10.21'
WHEEL = Archive(
    file_name='mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl',
    size=35_622_638,
    sha256='05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3',
    title='wheel mediapipe 0.10.21',
)
# For people; gives that file on any machine, whatever its Python.
WHEEL_DOWNLOAD = (
    'pip download --no-deps --only-binary=:all: --platform manylinux_2_28_x86_64 '
    f'--python-version 3.11 {WHEEL_REQUIREMENT}'
)


@dataclass(frozen=True, slots=True)
class Member:
    """A TFLite file inside an archive.

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
class ModelEntry:
    """One model.

    Attributes:
        name: How parameters and files call it.
        kind: What it is for.
        input_size: Side of the square input in px, 0 if the input is no image.
        points: How many landmarks come out of a landmark model or go into a blendshape model,
            0 for a detector.
        members: Equivalent TFLite files, the preferred one first.
        mesh_output: Original name of the landmarks' output, empty if none come out.
        flag_output: Original name of the face flag's output (a logit), empty if there is none.
    """

    name: str
    kind: Kind
    input_size: int
    members: tuple[Member, ...]
    points: int = 0
    mesh_output: str = ''
    flag_output: str = ''

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

    @property
    def parts(self) -> tuple[Part, ...]:
        """What goes around it, the same for all flavours; in the order of the data."""
        if self.kind is Kind.LANDMARKS:
            return (Part.CROPS, Part.POINTS)
        return (Part.CROPS,) if self.kind is Kind.DETECTOR else ()

    @property
    def forms(self) -> tuple[Variant | Part, ...]:
        """All that is stored of it."""
        return (*self.variants, *self.parts)

    def file_name(self, form: Variant | Part) -> str:
        """Return the name of the ONNX file of a flavour, or of a part around it."""
        suffix = '' if form is Variant.PLAIN else f'.{form.value}'
        return f'{self.name}{suffix}.onnx'


SHORT_RANGE = ModelEntry(
    name='short_range',
    kind=Kind.DETECTOR,
    input_size=128,
    # Two editions of one network: their outputs were measured to be equal bit by bit.
    members=(
        Member(
            BUNDLE,
            'face_detector.tflite',
            229_746,
            'b4578f35940bf5a1a655214a1cce5cab13eba73c1297cd78e1a04c2380b0152f',
        ),
        Member(
            WHEEL,
            'mediapipe/modules/face_detection/face_detection_short_range.tflite',
            229_714,
            'bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8',
        ),
    ),
)
FULL_RANGE = ModelEntry(
    name='full_range',
    kind=Kind.DETECTOR,
    input_size=192,
    members=(
        Member(
            WHEEL,
            'mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite',
            676_746,
            '2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1',
        ),
    ),
)
V2 = ModelEntry(
    name='v2',
    kind=Kind.LANDMARKS,
    input_size=256,
    points=478,
    members=(
        Member(
            BUNDLE,
            'face_landmarks_detector.tflite',
            2_553_590,
            'c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5',
        ),
    ),
    mesh_output='Identity',
    flag_output='Identity_1',
)
ATTENTION = ModelEntry(
    name='attention',
    kind=Kind.LANDMARKS,
    input_size=192,
    points=478,
    members=(
        Member(
            WHEEL,
            'mediapipe/modules/face_landmark/face_landmark_with_attention.tflite',
            2_495_106,
            'e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4',
        ),
    ),
    mesh_output='output_mesh_identity',
    flag_output='conv_faceflag',
)
MESH = ModelEntry(
    name='mesh',
    kind=Kind.LANDMARKS,
    input_size=192,
    points=468,
    members=(
        Member(
            WHEEL,
            'mediapipe/modules/face_landmark/face_landmark.tflite',
            1_242_398,
            '1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814',
        ),
    ),
    mesh_output='conv2d_21',
    flag_output='conv2d_31',
)
BLENDSHAPES = ModelEntry(
    name='blendshapes',
    kind=Kind.BLENDSHAPES,
    input_size=0,
    points=146,
    members=(
        Member(
            BUNDLE,
            'face_blendshapes.tflite',
            955_312,
            '4f36dded049db18d76048567439b2a7f58f1daabc00d78bfe8f3ad396a2d2082',
        ),
    ),
)

CATALOG: dict[str, ModelEntry] = {
    entry.name: entry for entry in (SHORT_RANGE, FULL_RANGE, V2, ATTENTION, MESH, BLENDSHAPES)
}


def entry_of(name: str) -> ModelEntry:
    """Return the catalogue's entry of a model.

    Raises:
        MissingModelError: If there is no such model.
    """
    if name not in CATALOG:
        raise MissingModelError(f'unknown model {name!r}; known are {", ".join(CATALOG)}')
    return CATALOG[name]


def model_of(sha256: str) -> tuple[ModelEntry, Member] | None:
    """Return the model that a TFLite file is, by its hash; None if it is none of them."""
    for entry in CATALOG.values():
        for member in entry.members:
            if member.sha256 == sha256:
                return entry, member
    return None
