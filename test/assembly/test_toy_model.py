"""A new detector and a new landmark model: one file and one catalog entry each, nothing else.

The toys see a bright square on black as a face; their networks measure its area and its centre.
"""

from __future__ import annotations

import runpy
from collections.abc import Sequence

import numpy as np
import pytest

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.catalog.model_entry import (
    Archive,
    DetectorSpec,
    Kind,
    LandmarkSpec,
    Member,
    ModelEntry,
    Variant,
)
from facemesh_ros.catalog.models import CATALOG
from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.inference.providers import CPU
from facemesh_ros.models.files import sha256_of
from facemesh_ros.models.store import ModelStore
from facemesh_ros.settings import pipeline as settings_module
from facemesh_ros.types import Frame, PixelOrder

SIZE = 64
SQUARE_CENTRE, SQUARE_SIDE = (250, 170), 100
# A landmark per vertex of the canonical face, 1 high, its centre at 0; x right, y down, z away.
VERTICES = load_topology().canonical_vertices_m * np.float32([1, -1, -1])
TEMPLATE = (VERTICES - (VERTICES.max(axis=0) + VERTICES.min(axis=0)) / 2) / np.ptp(VERTICES[:, 1])

# The one file of each.
DETECTOR_FILE = """
import numpy as np

from facemesh_ros.geometry.affine import image_from_crop, letterbox_roi, transform_points
from facemesh_ros.types import NO_DETECTIONS, FaceDetections

# Eyes, nose, mouth and ears in a box from -1 to 1.
KEYPOINTS = np.float32([[-0.4, -0.2], [0.4, -0.2], [0, 0], [0, 0.5], [-1, 0], [1, 0]])


class ToyDetector:
    OUTPUTS = ('area', 'centre')

    def __init__(self, model, spec, max_iou):
        self._model = model
        model.expect('centre', (2,))

    def detect_batch(self, frame, min_score, regions):
        whole = [index for index, region in enumerate(regions) if region is None]
        rois = [letterbox_roi(frame.image_wh) if each is None else each for each in regions]
        maps = np.concatenate([image_from_crop(roi, self._model.input_size) for roi in rois])
        outputs = zip(*self._model.run(frame, maps, whole), maps[:, None], strict=True)
        return [self._detection(*each) for each in outputs]

    def _detection(self, area, centre, image_from_input):
        if area < 50:  # px of the input, of 4096
            return NO_DETECTIONS
        corners = np.float32([[-1, -1], [1, 1]])
        points = centre + np.sqrt(area) / 2 * np.concatenate([corners, KEYPOINTS])
        points = transform_points(image_from_input, points[None]).astype(np.float32)
        return FaceDetections(points[:, :2].reshape(1, 4), points[:, 2:], np.float32([0.9]))
"""
LANDMARK_FILE = """
import numpy as np

from facemesh_ros.geometry.affine import image_from_crop
from facemesh_ros.types import FaceLandmarks


class ToyMesh:
    OUTPUTS = ('area', 'landmarks')

    def __init__(self, model):
        self._model = model
        self.landmark_count = model.shape('landmarks')[0]

    def predict(self, frame, rois):
        if not len(rois):
            return FaceLandmarks(np.empty((0, 468, 3), np.float32), np.empty(0, np.float32))
        area, landmarks = self._model.run(frame, image_from_crop(rois, self._model.input_size))
        return FaceLandmarks(landmarks, (area > 1).astype(np.float32))
"""
ARCHIVE = Archive('toys.zip', 1, '', 'toys')


def network(name: str, outputs: dict[str, Sequence[int]], require_package) -> bytes:
    """Measure the bright area of a crop and its centre, and lay the template there."""
    require_package('onnx')
    from facemesh_ros.models.convert.onnx_graph import OnnxGraph

    graph = OnnxGraph()
    column, row = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    moments = np.stack([np.ones(SIZE**2), column.ravel(), row.ravel()], axis=1).astype(np.float32)
    level = graph.node('Relu', graph.node('ReduceMean', 'image', axes=[3], keepdims=0))
    flat = graph.node('Reshape', level, graph.integers(0, SIZE**2))
    sums = graph.node('MatMul', flat, graph.constant(moments))
    area = graph.slice(sums, 1, 0, 1)
    graph.node('Squeeze', area, graph.integers(1), output='area')
    bounded = graph.node('Max', area, graph.floats(1))
    centre = graph.node('Div', graph.slice(sums, 1, 1, 3), bounded, output='centre')
    sides = graph.node('Unsqueeze', graph.node('Sqrt', bounded), graph.integers(2))
    shape = graph.node('Mul', sides, graph.constant(TEMPLATE[None].astype(np.float32)))
    centre = graph.node('Pad', centre, graph.integers(0, 0, 0, 1))
    centre = graph.node('Unsqueeze', centre, graph.integers(1))
    graph.node('Add', shape, centre, output='landmarks')
    properties = {'name': name, 'input_size': str(SIZE), 'source_sha256': '', 'precision': 'fp32'}
    model = graph.model({'image': (SIZE, SIZE, 3)}, outputs, {**properties, 'variant': 'cpu'})
    return bytes(model.SerializeToString())


def without_conversion(content: bytes, entry: ModelEntry, variant: Variant) -> bytes:
    """Only put the sampling of crops around a model, where a GPU wants it."""
    import onnx

    from facemesh_ros.models.convert.image_graph import from_images

    if not variant.takes_images:
        return content
    return bytes(from_images(onnx.load_from_string(content), entry).SerializeToString())


@pytest.fixture
def toys(monkeypatch, tmp_path, require_package):
    """A store that holds nothing but the toys; returns its folder."""
    # Their originals are no TFLite files: they need no conversion.
    convert = 'facemesh_ros.models.convert.tflite_to_onnx.onnx_from_tflite'
    monkeypatch.setattr(convert, without_conversion)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / 'toy_detector.py').write_text(DETECTOR_FILE)
    (tmp_path / 'toy_mesh.py').write_text(LANDMARK_FILE)
    detector_spec = DetectorSpec(
        layers=(), smallest_face=0.05, max_runs_per_image=1, stage='toy_detector:ToyDetector'
    )
    landmark_spec = LandmarkSpec(max_iou=0.5, square_roi=True, stage='toy_mesh:ToyMesh')
    detector = network('toy_detector', {'area': (), 'centre': (2,)}, require_package)
    mesh = network('toy_mesh', {'area': (), 'landmarks': (468, 3)}, require_package)
    for onnx, kind, spec in (
        (detector, Kind.DETECTOR, detector_spec),
        (mesh, Kind.LANDMARKS, landmark_spec),
    ):
        name = spec.stage.partition(':')[0]
        members = (Member(ARCHIVE, name, len(onnx), sha256_of(onnx)),)
        points = 468 if kind is Kind.LANDMARKS else 0
        entry = ModelEntry(name, kind, members, input_size=SIZE, points=points, spec=spec)
        monkeypatch.setitem(CATALOG, name, entry)
        ModelStore(tmp_path / 'models').install(onnx, 'test')
    return tmp_path / 'models'


@pytest.mark.parametrize('auto', [False, True])
@pytest.mark.parametrize('whole_images', [False, True], ids=['crops on the CPU', 'as on a GPU'])
def test_a_new_model_is_one_file_and_one_catalog_entry(monkeypatch, toys, whole_images, auto):
    if whole_images:
        monkeypatch.setattr('facemesh_ros.assembly.face_sensor.CUDA', CPU)
    # The settings as they are with the toys in the catalog.
    new_settings = runpy.run_path(settings_module.__file__)['SensorSettings']
    names = {} if auto else {'detector': 'toy_detector', 'landmark_model': 'toy_mesh'}
    sensor = load_sensor(new_settings(model_dir=str(toys), execution_provider='cpu', **names))
    assert sensor.model.landmark_model == 'toy_mesh'
    assert sensor.model.detector == ('auto: toy_detector' if auto else 'toy_detector')
    image = np.zeros((360, 480), np.uint8)
    (x, y), half = SQUARE_CENTRE, SQUARE_SIDE // 2
    image[y - half : y + half, x - half : x + half] = 255
    stream = sensor.stream()
    for index in range(3):
        faces = stream.process(Frame(image, PixelOrder.MONO, index * 10**8))
        assert faces.names == ['f00001']
    expected = TEMPLATE * SQUARE_SIDE + [*SQUARE_CENTRE, 0]
    assert faces.raw_landmarks[0] == pytest.approx(expected, abs=3)
    sensor.close()
