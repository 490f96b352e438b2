"""Tracking results on synthetic scenes, matched with the ground truth image by image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from identity_scenes import HIDDEN, VISIBLE, Float64, SceneImage
from numpy.typing import NDArray

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.boxes import box_centres, box_sizes
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.tracking.association import linear_assignment
from facemesh_ros.types import FaceState, Frame

# A result matches a face if the centres are at most `MAX_OFFSET` face sizes apart and the sizes
# differ by at most a factor `MAX_SIZE_RATIO`.
MAX_OFFSET, MAX_SIZE_RATIO = 0.5, 2.0


@dataclass(frozen=True)
class IdentifiedFaces:
    """Faces that a tracker reports in one image.

    Attributes:
        ids: (N,) track ids.
        boxes_xyxy: (N, 4) px.
        confirmed: (N,) False for tentative tracks.
    """

    ids: NDArray[np.int64]
    boxes_xyxy: Float64
    confirmed: NDArray[np.bool_]


class FacemeshTracker:
    """This package's pipeline with its default settings."""

    def __init__(self, landmark_model: str) -> None:
        settings = SensorSettings(
            landmark_model=landmark_model,
            execution_provider='cpu',
            publish_blendshapes=False,
        )
        self._pipeline = load_sensor(settings).stream()

    def reset(self) -> None:
        """Start a new stream."""
        self._pipeline.reset()

    def track(self, frame: Frame) -> IdentifiedFaces:
        """Process the next frame; coasting faces are left out."""
        faces = self._pipeline.process(frame)
        visible = faces.states != FaceState.COASTING
        return IdentifiedFaces(
            faces.ids[visible],
            faces.boxes_xyxy[visible].astype(float),
            faces.states[visible] == FaceState.TRACKED,
        )


@dataclass
class TrackingRecord:
    """The results of one tracker on one scene.

    Attributes:
        images: For each image, true people (N,), ids (M,) and distances (N, M), None where the two
            do not match; partly hidden faces and the results on them are left out.
        births: Each id in order of appearance, with whether it appeared on a face.
        confirmed: Ids that were confirmed at least once.
        nobody: Confirmed results where no face is to be seen, over all images.
    """

    images: list[dict[str, Any]] = field(default_factory=list)
    births: dict[int, bool] = field(default_factory=dict)
    confirmed: set[int] = field(default_factory=set)
    nobody: int = 0

    def add(self, image: SceneImage, faces: IdentifiedFaces) -> None:
        """Add the results of the next image."""
        distances = _distances(image.boxes_xyxy, faces.boxes_xyxy)
        required = image.visible >= VISIBLE
        # A result that fits a required face is never counted for a partly hidden one.
        costs = np.where(required[:, None], distances, 2 * distances + 1)
        people, results = linear_assignment(costs, 10.0)
        on_hidden = results[~required[people]]
        on_face = np.isfinite(distances[image.visible > HIDDEN]).any(axis=0)
        for identity, on in zip(faces.ids.tolist(), on_face.tolist(), strict=True):
            self.births.setdefault(identity, on)
        self.nobody += int((faces.confirmed & ~on_face).sum())
        self.confirmed.update(faces.ids[faces.confirmed].tolist())
        kept = np.setdiff1d(np.flatnonzero(faces.confirmed), on_hidden)
        self.images.append(
            {
                'people': image.people[required].tolist(),
                'ids': faces.ids[kept].tolist(),
                'distances': [
                    [None if np.isinf(each) else float(each) for each in row]
                    for row in distances[np.ix_(required, kept)]
                ],
            }
        )

    @property
    def false_ids(self) -> int:
        """Number of confirmed ids that appeared where no face was."""
        return sum(not self.births[each] for each in self.confirmed)


def _distances(faces: Float64, results: Float64) -> Float64:
    """(N, M) distances between centres in face sizes; infinite where the two do not match."""
    sizes, others = box_sizes(np.float32(faces))[:, None], box_sizes(np.float32(results))[None]
    offsets = box_centres(np.float32(faces))[:, None] - box_centres(np.float32(results))[None]
    distances: Float64 = np.linalg.norm(offsets, axis=2) / sizes
    too_far = distances > MAX_OFFSET
    distances[too_far | (np.abs(np.log(others / sizes)) > np.log(MAX_SIZE_RATIO))] = np.inf
    return distances
