"""What one image of a stream asks of a GPU: one upload, and one batch for all windows."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from facemesh_ros.catalog.models import detector_spec, landmark_spec
from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.detection.face_search import FaceSearch
from facemesh_ros.geometry.tiles import rotate_quarter_turns, tile_levels
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.inference.gpu.image_slots import ImageSlots
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.pipeline.components import Components
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.tracking.tracker import FaceIds
from facemesh_ros.types import Frame, PixelOrder, Rois

WH, IMAGES = (960, 540), 14
LAYOUTS = {
    'plain': lambda image: Frame(image, PixelOrder.BGR),
    'grey': lambda image: Frame(np.ascontiguousarray(image[..., 1]), PixelOrder.MONO),
    'padded': lambda image: Frame(
        np.pad(image, ((0, 0), (0, 8), (0, 0)))[:, : image.shape[1]], PixelOrder.BGR
    ),
    'turned': lambda image: Frame(np.rot90(image), PixelOrder.BGR),
    'mirrored': lambda image: Frame(image[:, ::-1], PixelOrder.BGR),
}


def pipeline_of(models) -> FacePipeline:
    """The pipeline that a sensor with `detector: auto` makes of models."""
    search = FaceSearch(models.detectors, ('full_range', detector_spec('full_range')), models.pool)
    components = Components(
        search, models.landmark_model, models.square_roi, models.blendshape_model, models.pool
    )
    return FacePipeline(components, PipelineSettings(detector_rotations='all'), FaceIds())


@pytest.fixture
def uploaded(monkeypatch) -> Counter:
    """Counts uploads of images, by frame."""
    counts: Counter = Counter()
    original = ImageSlots._uploaded

    def counting(self, frame, index):
        counts[frame.stamp_ns] += 1
        return original(self, frame, index)

    monkeypatch.setattr(ImageSlots, '_uploaded', counting)
    return counts


@pytest.mark.parametrize('layout', LAYOUTS)
def test_each_image_is_uploaded_once_whatever_runs_on_it(on_gpu, uploaded, layout):
    """Both detectors, tiles in all rotations, candidates, landmarks of old and new faces."""
    pipeline, moving = pipeline_of(on_gpu('v2')), moving_astronaut(WH)
    uploaded.clear()  # the models' first runs, if no test before this one has loaded them
    seen = 0
    for index in range(1, IMAGES + 1):
        image = LAYOUTS[layout](moving.image_at(index / 30))
        frame = Frame(image.image, image.order, index * 33_333_333)
        before = uploaded.total()
        seen += len(pipeline.process(frame).ids)
        assert uploaded.total() - before == 1
    assert all(count == 1 for count in uploaded.values())
    assert seen >= IMAGES - 2
    assert min(pipeline.detector_runs.values()) > 0


@pytest.mark.parametrize('name', ['short_range', 'full_range'])
def test_windows_of_an_image_are_one_batch_and_each_is_as_alone(
    on_gpu, monkeypatch, model_store, require_models, name, astronaut
):
    require_models(name)
    frame = Frame(astronaut, PixelOrder.RGB)
    (tiles,) = tile_levels(frame.image_wh, 240)
    regions: list[Rois | None] = [tiles[index : index + 1] for index in range(len(tiles))]
    regions[2:2] = [None, rotate_quarter_turns(regions[0], 1)]
    models = on_gpu('v2')
    requests = []
    original = type(models.runner).run

    def counting(self, model, frame, inputs):
        requests.append((model, len(inputs['columns'])))
        return original(self, model, frame, inputs)

    monkeypatch.setattr(type(models.runner), 'run', counting)
    together = models.detectors[name].detect_batch(frame, 0.3, regions)
    assert requests == [(name, len(regions))]
    on_cpu = BlazeFace(
        CpuCropModel(load_session(model_store, name, ProviderChoice('cpu')), BlazeFace.OUTPUTS),
        detector_spec(name),
        landmark_spec('v2').max_iou,
    )
    assert sum(map(len, together)) > 1
    # All crops of a batch in one run, as on a provider without limit, and one by one.
    for found in (on_cpu.detect_batch(frame, 0.3, regions), together):
        for region, detections in zip(regions, found, strict=True):
            expected = on_cpu.detect(frame, 0.3, region)
            assert detections.scores == pytest.approx(expected.scores, abs=1e-3)
            assert detections.boxes_xyxy == pytest.approx(expected.boxes_xyxy, abs=0.05)
