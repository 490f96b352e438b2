"""Models that see crops of camera images: the one place where the CPU and the GPU differ.

On the CPU OpenCV samples the crops and a session runs them. On a GPU the whole image is uploaded,
and the model's graph samples the crops itself. Both return the same tensors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from facemesh_ros import native
from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import entry_of
from facemesh_ros.image.crop import (
    affine_samples,
    crop_maps,
    crop_whole,
    detector_style,
    landmark_style,
    letterbox_samples,
)
from facemesh_ros.inference.gpu.runner import GpuRunner
from facemesh_ros.inference.gpu.sampling_inputs import Inputs
from facemesh_ros.inference.session import ModelSession, require_finite
from facemesh_ros.thread_pool import NO_WORKERS, ThreadPool
from facemesh_ros.types import Float32, Float64, Frame

# The output that is mapped from the crops to the image; on a GPU the graph maps it.
LANDMARKS = 'landmarks'


class CropModel(Protocol):
    """Runs a model on square crops of a frame; stateless, for any number of threads.

    Attributes:
        input_size: Side of its square input in px.
    """

    input_size: int

    def shape(self, output: str) -> tuple[int, ...]:
        """Return the shape of an output without its batch axis."""

    def expect(self, output: str, shape: tuple[int, ...]) -> None:
        """Raise ModelMismatchError unless an output has this shape, batch axis left out."""

    def run(self, frame: Frame, maps: Float64, whole: Sequence[int] = ()) -> list[Float32]:
        """Sample N crops and run the model on them.

        Args:
            frame: The image.
            maps: (N, 2, 3) affine maps, crop px to image px, at least one; see `image_from_crop`.
            whole: Which of them are of `letterbox_roi`: they are rounded as MediaPipe does.

        Returns:
            The model's wanted outputs, batch axis first. `landmarks` (N, L, 3) are in px of the
            image, z in px of the same scale; all others are as the model gives them.

        Raises:
            ModelOutputError: If an output is not finite.
        """


class TensorModel(Protocol):
    """Runs a model on numbers instead of images; a `ModelSession` is one."""

    def expect(self, output: str, shape: tuple[int, ...]) -> None:
        """Raise ModelMismatchError unless an output has this shape, batch axis left out."""

    def run(self, batch: Float32) -> list[Float32]:
        """Return all outputs of N inputs, at least one, batch axis first."""


class CpuCropModel:
    """Crops by OpenCV, then a session; a `CropModel`."""

    def __init__(
        self,
        session: ModelSession,
        outputs: Sequence[str],
        *,
        batch_limit: int | None = None,
        pool: ThreadPool = NO_WORKERS,
    ) -> None:
        """Take a model of the catalog.

        Args:
            session: The model.
            outputs: What `run` returns of it.
            batch_limit: Most crops in one run, None for all of a frame.
            pool: Shares the runs of a frame.
        """
        self.input_size = session.input_size
        self.shape, self.expect = session.shape, session.expect
        self._session, self._outputs = session, tuple(outputs)
        self._batch_limit, self._pool = batch_limit, pool
        is_detector = entry_of(session.name).kind is Kind.DETECTOR
        self._style = (detector_style if is_detector else landmark_style)(session.input_size)

    def run(self, frame: Frame, maps: Float64, whole: Sequence[int] = ()) -> list[Float32]:
        """See `CropModel`."""
        limit = self._batch_limit or len(maps)
        if len(maps) > limit:
            starts = range(0, len(maps), limit)
            results = self._pool.map(
                lambda start: self.run(
                    frame,
                    maps[start : start + limit],
                    [index - start for index in whole if start <= index < start + limit],
                ),
                starts,
            )
            return [np.concatenate(parts) for parts in zip(*results, strict=True)]
        tensors = self._session.run(self._crops(frame, maps, whole), self._outputs)
        if LANDMARKS in self._outputs:
            index = self._outputs.index(LANDMARKS)
            tensors[index] = landmarks_in_image(tensors[index], maps)
            if not all(map(math.isfinite, maps.ravel().tolist())):  # all else is finite
                require_finite(self._session.name, [tensors[index]])
        return tensors

    def _crops(self, frame: Frame, maps: Float64, whole: Sequence[int]) -> Float32:
        if not whole:
            return crop_maps(frame, maps, self._style)
        if len(maps) == 1:
            return crop_whole(frame, self._style)
        crops = crop_maps(frame, maps, self._style)
        crops[list(whole)] = crop_whole(frame, self._style)
        return crops


class GpuCropModel:
    """Crops and model in one graph, run on a GPU; a `CropModel`."""

    def __init__(self, session: ModelSession, outputs: Sequence[str], runner: GpuRunner) -> None:
        """Take a model that the runner runs.

        Args:
            session: The model, of a variant that takes whole images.
            outputs: What the runner returns of it.
            runner: Runs it.
        """
        self.input_size = session.input_size
        self.shape, self.expect = session.shape, session.expect
        self._session, self._runner = session, runner
        self._maps_landmarks = LANDMARKS in outputs

    def run(self, frame: Frame, maps: Float64, whole: Sequence[int] = ()) -> list[Float32]:
        """See `CropModel`."""
        columns, rows = affine_samples(maps, self.input_size)
        if whole:
            letterbox = letterbox_samples(frame.image_wh, self.input_size)
            columns[list(whole)], rows[list(whole)] = letterbox
        inputs: Inputs = {'columns': columns, 'rows': rows}
        if self._maps_landmarks:
            inputs['maps'], inputs['offsets'] = landmark_maps(maps)
        name = self._session.name
        results = self._runner.run(name, frame, inputs)
        require_finite(name, results)
        return results


class GpuTensorModel:
    """A model without images, run on a GPU; a `TensorModel`."""

    def __init__(self, session: ModelSession, runner: GpuRunner) -> None:
        self.expect, self._name, self._runner = session.expect, session.name, runner

    def run(self, batch: Float32) -> list[Float32]:
        """See `TensorModel`."""
        results = self._runner.run(self._name, None, {'points': batch})
        require_finite(self._name, results)
        return results


def landmarks_in_image(landmarks: Float32, maps: Float64) -> Float32:
    """Map landmarks from crops to the image: (x, y) by the affine map, z by its scale in x.

    Args:
        landmarks: (N, L, 3) px of the crop.
        maps: (N, 2, 3) affine maps, crop px to image px.

    Returns:
        (N, L, 3) px of the image.

    Source: MediaPipe `landmark_projection_calculator.cc`.
    """
    return native.project_landmarks(landmarks, maps)


def landmark_maps(maps: Float64) -> tuple[Float64, Float64]:
    """Return (N, 3, 3) and (N, 1, 3) for `landmarks @ linear + offsets` in a GPU's graph."""
    linear, offsets = np.zeros((len(maps), 3, 3)), np.zeros((len(maps), 1, 3))
    linear[:, :2, :2] = maps[:, :, :2].transpose(0, 2, 1)
    linear[:, 2, 2] = np.hypot(maps[:, 0, 0], maps[:, 1, 0])
    offsets[:, 0, :2] = maps[:, :, 2]
    return linear, offsets
