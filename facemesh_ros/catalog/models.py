"""The catalog: every model that this project knows, and the pinned files they come from.

All are Apache-2.0 and made by Google for MediaPipe. A model's TFLite file is pinned by its
SHA-256; a source is only a way to get at it. Every list of models derives from `CATALOG`.
"""

from __future__ import annotations

from typing import TypeVar

from facemesh_ros.catalog.model_entry import (
    Archive,
    DetectorSpec,
    Kind,
    LandmarkSpec,
    Member,
    ModelEntry,
)
from facemesh_ros.errors import FacemeshError, MissingModelError

Spec = TypeVar('Spec', DetectorSpec, LandmarkSpec)

# Raise it with every change of the converted files; older conversions are then redone.
CONVERTER_VERSION = '8'
# One model of each is all that the node cannot do without.
REQUIRED_KINDS = frozenset({Kind.DETECTOR, Kind.LANDMARKS})

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

# Sources of the specs: face_detection_short_range.pbtxt and face_detection_full_range.pbtxt. There
# scores must reach 0.5 and 0.6, whatever users ask for; here `min_detection_confidence` counts for
# both.
SHORT_RANGE = ModelEntry(
    name='short_range',
    kind=Kind.DETECTOR,
    input_size=128,
    spec=DetectorSpec(layers=((8, 2), (16, 6)), smallest_face=0.13, max_runs_per_image=8),
    has_ragged_concat=True,
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
    spec=DetectorSpec(layers=((4, 1),), smallest_face=0.1, max_runs_per_image=4),
    members=(
        Member(
            WHEEL,
            'mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite',
            676_746,
            '2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1',
        ),
    ),
)
BLENDSHAPES = ModelEntry(
    name='blendshapes',
    kind=Kind.BLENDSHAPES,
    points=146,
    has_ragged_concat=True,
    members=(
        Member(
            BUNDLE,
            'face_blendshapes.tflite',
            955_312,
            '4f36dded049db18d76048567439b2a7f58f1daabc00d78bfe8f3ad396a2d2082',
        ),
    ),
)
# Sources of the specs: face_detector_graph.cc and its options' defaults for v2; for attention and
# mesh face_detection.pbtxt and face_detection_front_detection_to_roi.pbtxt.
V2 = ModelEntry(
    name='v2',
    kind=Kind.LANDMARKS,
    input_size=256,
    points=478,
    mesh_output='Identity',
    flag_output='Identity_1',
    spec=LandmarkSpec(max_iou=0.5, square_roi=False, blendshape_model=BLENDSHAPES.name),
    members=(
        Member(
            BUNDLE,
            'face_landmarks_detector.tflite',
            2_553_590,
            'c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5',
        ),
    ),
)
ATTENTION = ModelEntry(
    name='attention',
    kind=Kind.LANDMARKS,
    input_size=192,
    points=478,
    mesh_output='output_mesh_identity',
    flag_output='conv_faceflag',
    spec=LandmarkSpec(max_iou=0.3, square_roi=True),
    has_ragged_concat=True,
    members=(
        Member(
            WHEEL,
            'mediapipe/modules/face_landmark/face_landmark_with_attention.tflite',
            2_495_106,
            'e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4',
        ),
    ),
)
MESH = ModelEntry(
    name='mesh',
    kind=Kind.LANDMARKS,
    input_size=192,
    points=468,
    mesh_output='conv2d_21',
    flag_output='conv2d_31',
    spec=LandmarkSpec(max_iou=0.3, square_roi=True),
    members=(
        Member(
            WHEEL,
            'mediapipe/modules/face_landmark/face_landmark.tflite',
            1_242_398,
            '1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814',
        ),
    ),
)

# Where `auto` takes one model of a kind, it is the first that is provisioned.
CATALOG: dict[str, ModelEntry] = {
    entry.name: entry for entry in (SHORT_RANGE, FULL_RANGE, V2, ATTENTION, MESH, BLENDSHAPES)
}


def names_of(kind: Kind) -> tuple[str, ...]:
    """Return the names of all models of a kind, the preferred one first."""
    return tuple(name for name, entry in CATALOG.items() if entry.kind is kind)


def entry_of(name: str) -> ModelEntry:
    """Return a model's entry.

    Raises:
        MissingModelError: If there is no such model.
    """
    if name not in CATALOG:
        raise MissingModelError(f'unknown model {name!r}; known are {", ".join(CATALOG)}')
    return CATALOG[name]


def detector_spec(name: str) -> DetectorSpec:
    """Return how a detector's outputs are decoded; raises FacemeshError if it is not known."""
    return _spec(name, DetectorSpec, 'detector')


def landmark_spec(name: str) -> LandmarkSpec:
    """Return what a landmark model depends on; raises FacemeshError if it is not known."""
    return _spec(name, LandmarkSpec, 'landmark model')


def _spec(name: str, wanted: type[Spec], title: str) -> Spec:
    known = {entry.name: entry.spec for entry in CATALOG.values()}
    spec = known.get(name)
    if not isinstance(spec, wanted):
        names = [name for name, each in known.items() if isinstance(each, wanted)]
        raise FacemeshError(f'unknown {title} {name!r}; known are {", ".join(names)}')
    return spec


def model_of(sha256: str) -> tuple[ModelEntry, Member] | None:
    """Return the model that a TFLite file is, by its hash; None if it is none of them."""
    for entry in CATALOG.values():
        for member in entry.members:
            if member.sha256 == sha256:
                return entry, member
    return None
