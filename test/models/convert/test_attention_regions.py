"""The crops of the attention model: their matrices against trigonometry, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
from graph_sketch import BATCH, ENTRANCE, POINTS, Sketch
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert.attention_regions import (
    LANDMARKS,
    MATRIX,
    REGIONS,
    RULES,
    fuse_regions,
)
from facemesh_ros.models.convert.tflite_graph import Tensor, TfliteGraph
from facemesh_ros.models.convert.translation import Translation

SHIFT = 4.0


def with_points(seed: int, crops: int) -> tuple[TfliteGraph, np.ndarray]:
    """A graph that maps points of each crop to a map of other size, and those points."""
    sketch = Sketch(seed)
    matrices = [sketch.crop() for _ in range(crops)]
    factors = np.ones((1, 4, 4), np.float32)
    factors[0, :2, 2:] = SHIFT
    factors[0, 2:, :2] = 1 / SHIFT
    sketch.tensors.append(Tensor('factors', (1, 4, 4), factors))
    scaling = len(sketch.tensors) - 1
    scaled = [
        sketch.operator('MUL', it, scaling, shape=(1, 4, 4), FusedActivationFunction=0)
        for it in matrices
    ]
    points = np.random.default_rng(seed).normal(size=(BATCH, 7, 2)).astype(np.float32)
    sketch.tensors.append(Tensor('points', (1, 7, 2), None))
    given_points = len(sketch.tensors) - 1
    outputs = [sketch.operator(LANDMARKS, given_points, it, shape=(1, 7, 2)) for it in scaled]
    return sketch.graph(*outputs), points


def calculated(graph: TfliteGraph, points: np.ndarray) -> list[np.ndarray]:
    translation = Translation(fuse_regions(graph), Variant.PLAIN)
    source, target = translation.source, translation.target
    for index, tensor in enumerate(source.tensors):
        if tensor.name == 'landmarks':
            translation.define(index, target.constant(tensor.constant))
        if tensor.name == 'points':
            translation.define(index, 'points')
    for operator in source.operators:
        translation.define(operator.outputs[0], RULES[operator.kind](translation, operator))
    names = {f'output_{place}': (7, 2) for place in range(len(source.outputs))}
    for name, index in zip(names, source.outputs, strict=True):
        target.node('Identity', translation.value(index), output=name)
    model = target.model({'points': (7, 2)}, names, {'name': 'crops'})
    session = ort.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    return session.run(None, {'points': points})


def by_trigonometry(landmarks: np.ndarray, options, points: np.ndarray) -> np.ndarray:
    """A crop's points in the map: the box around landmarks, turned by the angle of a line."""
    left, right = (landmarks[options[f'{end}_rotation_idx'], :2] for end in ('left', 'right'))
    angle = math.atan2(*(right - left)[::-1])
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    level = landmarks[options['subset_idxs'], :2] @ turn
    growth = np.array([options['scale_x'], options['scale_y']])
    size = np.ptp(level, axis=0) * growth
    middle = (level.min(axis=0) + level.max(axis=0)) / 2
    crop_wh = np.array([ENTRANCE['output_width'], ENTRANCE['output_height']])
    corner = turn @ (middle - size / 2)
    return (points * (size / crop_wh)) @ turn.T + SHIFT * corner


@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_points_of_each_crop_land_where_trigonometry_puts_them(crops, seed) -> None:
    graph, points = with_points(seed, crops)
    made = [each for each in graph.operators if each.kind == MATRIX]
    (landmarks,) = {graph.tensors[each.inputs[0]].constant.tobytes() for each in made}
    known = np.frombuffer(landmarks, np.float32).reshape(BATCH, POINTS, 3).astype(float)
    for found, maker in zip(calculated(graph, points), made, strict=True):
        expected = [
            by_trigonometry(*pair)
            for pair in zip(known, [maker.options] * BATCH, points, strict=True)
        ]
        np.testing.assert_allclose(found, expected, atol=2e-3)


def test_landmarks_on_one_point_are_level() -> None:
    graph, points = with_points(0, 1)
    tensors = [
        replace(it, constant=np.full_like(it.constant, 3)) if it.name == 'landmarks' else it
        for it in graph.tensors
    ]
    (found,) = calculated(replace(graph, tensors=tuple(tensors)), points)
    np.testing.assert_allclose(found, np.full_like(found, SHIFT * 3), atol=1e-4)


def test_all_crops_are_one_operator() -> None:
    graph, _ = with_points(1, 3)
    fused = [each.kind for each in fuse_regions(graph).operators]
    assert fused == [REGIONS, LANDMARKS, LANDMARKS, LANDMARKS]


@pytest.mark.parametrize('reason', ['a turned target', 'another product', 'another reader'])
def test_what_the_model_does_not_do_is_refused(reason) -> None:
    graph, points = with_points(2, 2)
    operators, tensors = list(graph.operators), list(graph.tensors)
    if reason == 'a turned target':
        operators[0] = replace(
            operators[0], options={**operators[0].options, 'target_rotation_radians': 1.0}
        )
    elif reason == 'another product':
        tensors = [
            replace(it, constant=2 * it.constant) if it.name == 'factors' else it for it in tensors
        ]
    else:
        operators[-1] = replace(operators[-1], kind='RELU', inputs=operators[-1].inputs[1:])
    with pytest.raises(ConversionError, match=r'only|not supported'):
        calculated(replace(graph, tensors=tuple(tensors), operators=tuple(operators)), points)
