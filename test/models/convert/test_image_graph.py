"""The graphs for a GPU sample and project as the CPU path does; here on the CPU."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.catalog.model_entry import Kind, Variant
from facemesh_ros.catalog.models import BLENDSHAPES, CATALOG
from facemesh_ros.geometry.affine import image_from_crop
from facemesh_ros.image.crop import (
    CropStyle,
    affine_samples,
    crop_maps,
    crop_rois,
    crop_whole,
    detector_style,
    landmark_style,
    letterbox_samples,
)
from facemesh_ros.inference.crop_model import landmark_maps, landmarks_in_image
from facemesh_ros.inference.gpu.sampling_inputs import image_bytes, image_layout
from facemesh_ros.models.convert.image_graph import crops_graph, projection_graph
from facemesh_ros.types import Frame, PixelOrder, Rois

SIZE, POINTS = 32, 5
IMAGE_MODELS = [entry for entry in CATALOG.values() if Variant.PLAIN_IMAGES in entry.variants]
SAMPLING = ['pixels', 'columns', 'rows', 'last', 'strides', 'origins']
MADE = {
    Kind.DETECTOR: {'regressors', 'classificators'},
    Kind.LANDMARKS: {'landmarks', 'presence'},
}
ORDERS = list(PixelOrder)
COMMON_SIZES = [
    (320, 240),
    (424, 240),
    (640, 360),
    (640, 480),
    (672, 376),
    (752, 480),
    (800, 600),
    (848, 480),
    (960, 540),
    (1024, 768),
    (1280, 720),
    (1280, 960),
    (1440, 1080),
    (1600, 1200),
    (1920, 1080),
    (1920, 1200),
    (2048, 1536),
    (480, 640),
    (1080, 1920),
]


def opened(model: onnx.ModelProto) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(
        model.SerializeToString(), options, providers=['CPUExecutionProvider']
    )


@pytest.fixture(scope='module')
def sampled():
    """Sample crops of a frame by the graph."""
    sessions = {
        style: opened(crops_graph('image', style))
        for size in (SIZE, 128, 192)
        for style in (detector_style(size), landmark_style(size))
    }

    def run(frame: Frame, style: CropStyle, columns, rows, *, start=0) -> np.ndarray:
        flat, laid_out = image_bytes(frame)
        layout = image_layout(laid_out, len(columns))
        before, after = np.full(start, 99, np.uint8), np.full(7, 99, np.uint8)
        inputs = {'columns': columns, 'rows': rows, **layout, 'origins': layout['origins'] + start}
        inputs = {name: np.ascontiguousarray(values) for name, values in inputs.items()}
        inputs['pixels'] = np.concatenate([before, flat, after])
        (crops,) = sessions[style].run(None, inputs)
        return crops

    return run


@pytest.fixture(scope='module')
def noise() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (47, 61, 4), np.uint8)


def frame_of(noise: np.ndarray, order: PixelOrder) -> Frame:
    image = noise[..., 0] if order is PixelOrder.MONO else noise[..., : order.channels]
    return Frame(np.ascontiguousarray(image), order)


@settings(max_examples=100, deadline=None)
@given(
    order=st.sampled_from(ORDERS),
    is_detector=st.booleans(),
    centre=st.tuples(st.floats(-80, 140), st.floats(-80, 140)),
    size_wh=st.tuples(st.floats(0.1, 2e5), st.floats(0.1, 200)),
    angle=st.floats(-4, 4),
    is_mirrored=st.booleans(),
    start=st.integers(0, 20),
)
def test_any_region_of_any_format_is_the_cpus_bit_by_bit(
    sampled, noise, order, is_detector, centre, size_wh, angle, is_mirrored, start
) -> None:
    style = (detector_style if is_detector else landmark_style)(SIZE)
    frame = frame_of(noise, order)
    rois = Rois(np.float32([centre]), np.float32([size_wh]), np.float32([angle]))
    maps = image_from_crop(rois, SIZE)
    maps[:, :, 0] *= -1 if is_mirrored else 1
    found = sampled(frame, style, *affine_samples(maps, SIZE), start=start)
    assert np.array_equal(found, crop_maps(frame, maps, style))


@pytest.mark.parametrize('order', ORDERS)
@pytest.mark.parametrize('style', [detector_style(SIZE), landmark_style(SIZE)])
def test_on_whole_pixels_crops_are_equal_bit_by_bit(sampled, noise, order, style) -> None:
    frame = frame_of(noise, order)
    # Outside on all sides, one upright and one by a half turn.
    rois = Rois(
        np.float32([[30, 20], [16, 17]]),
        np.float32([[128, 96], [32, 64]]),
        np.float32([0, 0]),
    )
    found = sampled(frame, style, *affine_samples(image_from_crop(rois, SIZE), SIZE))
    assert np.array_equal(found, crop_rois(frame, rois, style))


@pytest.mark.parametrize('size', [128, 192])
@pytest.mark.parametrize('image_wh', COMMON_SIZES)
def test_whole_images_of_common_sizes_are_equal_bit_by_bit(sampled, image_wh, size) -> None:
    width, height = image_wh
    image = np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8)
    frame, style = Frame(image, PixelOrder.BGR), detector_style(size)
    found = sampled(frame, style, *letterbox_samples(image_wh, size))
    assert np.array_equal(found, crop_whole(frame, style))


@settings(max_examples=30, deadline=None)
@given(
    image_wh=st.tuples(st.integers(1, 900), st.integers(1, 900)), size=st.sampled_from((128, 192))
)
def test_whole_images_of_any_size_are_sampled_within_a_32nd_of_a_pixel(
    sampled, image_wh, size
) -> None:
    width, height = image_wh
    image = np.random.default_rng(3).integers(0, 256, (height, width), np.uint8)
    frame, style = Frame(image, PixelOrder.MONO), detector_style(size)
    found = sampled(frame, style, *letterbox_samples(image_wh, size))
    difference = np.abs(found - crop_whole(frame, style)).max(axis=-1)
    # Where MediaPipe rounds halves of a 32nd by noise: measured up to 0.11 of the samples.
    assert (difference > 0).mean() <= 0.15
    # On a neighbouring 32nd in x or y: a 32nd of the largest step, up to 255, in each.
    assert difference.max() <= (2 * 255 / 32 + 1) / 127.5


@pytest.mark.parametrize('order', ORDERS)
def test_images_of_several_sizes_go_in_one_batch(sampled, noise, order) -> None:
    style = landmark_style(SIZE)
    rois = Rois(np.float32([[20, 20]]), np.float32([[30, 40]]), np.float32([0.3]))
    samples = affine_samples(image_from_crop(rois, SIZE), SIZE)
    frames = [frame_of(noise, order), frame_of(noise[:31, 5:50], PixelOrder.BGR)]
    session = opened(crops_graph('image', style))
    pixels, layouts = [], []
    for frame in frames:
        flat, laid_out = image_bytes(frame)
        layout = image_layout(laid_out, 1)
        layouts.append({**layout, 'origins': layout['origins'] + sum(map(len, pixels))})
        pixels.append(flat)
    inputs = {name: np.concatenate([each[name] for each in layouts]) for name in layouts[0]}
    columns, rows = (np.concatenate([each] * 2) for each in samples)
    (together,) = session.run(
        None, {'pixels': np.concatenate(pixels), 'columns': columns, 'rows': rows, **inputs}
    )
    for crop, frame in zip(together, frames, strict=True):
        assert np.array_equal(crop[None], sampled(frame, style, *samples))


@pytest.mark.parametrize(
    ('view_of', 'is_copied'),
    [
        (lambda image: np.pad(image, ((0, 0), (0, 5), (0, 0)))[:, :61], False),
        (lambda image: image[::-1, ::-1].copy()[::-1, ::-1], True),
        (lambda image: image.repeat(2, axis=1)[:, ::2], True),
        (lambda image: image.transpose(2, 0, 1).copy().transpose(1, 2, 0), True),
        (lambda image: image[:1].copy(), False),
    ],
    ids=['padded rows', 'backwards', 'every other', 'planes', 'one row'],
)
def test_any_strides_will_do_and_rows_may_be_padded(sampled, noise, view_of, is_copied) -> None:
    view = view_of(noise[..., :3])
    view.flags.writeable = False
    frame, style = Frame(view, PixelOrder.RGB), landmark_style(SIZE)
    samples = affine_samples(
        image_from_crop(
            Rois(np.float32([[20, 20]]), np.float32([[30, 40]]), np.float32([0.3])), SIZE
        ),
        SIZE,
    )
    plain = Frame(np.ascontiguousarray(view), PixelOrder.RGB)
    assert np.array_equal(sampled(frame, style, *samples), sampled(plain, style, *samples))
    assert (image_bytes(frame)[1].image is not view) == is_copied


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf, 3e38])
def test_a_region_that_is_none_samples_something(sampled, noise, bad) -> None:
    maps = np.full((1, 2, 3), bad)
    with np.errstate(invalid='ignore', over='ignore'):
        found = sampled(
            frame_of(noise, PixelOrder.RGB), landmark_style(SIZE), *affine_samples(maps, SIZE)
        )
    assert np.isfinite(found).all()


@given(
    centre=st.tuples(st.floats(-3000, 3000, width=32), st.floats(-3000, 3000, width=32)),
    size_wh=st.tuples(st.floats(1, 3000, width=32), st.floats(1, 3000, width=32)),
    angle=st.floats(-4, 4, width=32),
    seed=st.integers(0, 100),
)
def test_landmarks_come_back_as_from_the_cpu(projection, centre, size_wh, angle, seed) -> None:
    landmarks = np.random.default_rng(seed).uniform(-20, 220, (2, POINTS, 3)).astype(np.float32)
    rois = Rois(np.float32([centre] * 2), np.float32([size_wh] * 2), np.float32([angle, 0]))
    to_image = image_from_crop(rois, SIZE)
    maps, offsets = landmark_maps(to_image)
    given = {'crop_landmarks': landmarks, 'maps': maps, 'offsets': offsets}
    (found,) = projection.run(None, given)
    expected = landmarks_in_image(landmarks, to_image)
    assert found == pytest.approx(expected, abs=1e-3, rel=1e-6)


@pytest.fixture(scope='module')
def projection() -> ort.InferenceSession:
    return opened(projection_graph(POINTS))


@pytest.mark.parametrize(
    ('variant', 'inner'),
    [(Variant.PLAIN_IMAGES, Variant.PLAIN), (Variant.HALF_IMAGES, Variant.HALF)],
)
@pytest.mark.parametrize('entry', IMAGE_MODELS, ids=lambda entry: entry.name)
def test_one_graph_from_camera_bytes_to_what_is_wanted(entry, variant, inner, converted) -> None:
    network = onnx.load_from_string(converted(entry.name, inner))
    whole = onnx.load_from_string(converted(entry.name, variant))
    assert [item.name for item in whole.graph.input][:6] == SAMPLING
    assert {'image', 'landmarks'}.isdisjoint(item.name for item in whole.graph.input)
    assert {item.name for item in whole.graph.output} == MADE[entry.kind]
    properties = {item.key: item.value for item in network.metadata_props}
    assert {item.key: item.value for item in whole.metadata_props} == {
        **properties,
        'variant': variant.value,
    }
    # Weights are bit by bit what they were; only the original outputs' own layers are left out.
    weights = {item.name: item.SerializeToString() for item in network.graph.initializer}
    kept = {item.name: item.SerializeToString() for item in whole.graph.initializer}
    lost = [name for name in weights if weights[name] != kept.get(name)]
    assert sum(len(weights[name]) for name in lost) < 0.02 * sum(map(len, weights.values()))
    around = len(whole.graph.node) - len(network.graph.node)
    assert -10 < around < 60
    assert len(converted(entry.name, variant)) - len(converted(entry.name, inner)) < 10_000


def test_blendshapes_look_at_no_image() -> None:
    assert not any(variant.takes_images for variant in BLENDSHAPES.variants)
