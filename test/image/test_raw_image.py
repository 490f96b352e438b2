"""Every encoding against buffers that this file writes by each format's own definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.image.encodings import BY_NAME, LAYOUTS
from facemesh_ros.image.raw_image import MAX_SIDE_PX, ImageError, RawImage, frame_from_raw
from facemesh_ros.types import PixelOrder

pytestmark = pytest.mark.filterwarnings('error')

CHANNELS = {'rgb8': 'rgb', 'bgr8': 'bgr', 'rgba8': 'rgba', 'bgra8': 'bgra', 'mono8': 'g'}
ORDERS = dict(zip(CHANNELS, ['RGB', 'BGR', 'RGBA', 'BGRA', 'MONO'], strict=True))
DEEP = {name.replace('8', '16'): name for name in CHANNELS}
# OpenCV's types are BGR, as its functions take them.
TYPES = {'8UC1': 'mono8', '8UC3': 'bgr8', '8UC4': 'bgra8', '16UC3': 'bgr16', '16UC4': 'bgra16'}
# Bytes of two pixels side by side.
PACKED = {'yuv422': 'UYVY', 'uyvy': 'UYVY', 'yuv422_yuy2': 'YUYV', 'yuyv': 'YUYV'}
SEMIPLANAR = {'nv12': 'UV', 'nv21': 'VU'}
# Colours of the four pixels at the top left: first row, second row.
BAYER = {
    'bayer_rggb8': 'RGGB',
    'bayer_bggr8': 'BGGR',
    'bayer_gbrg8': 'GBRG',
    'bayer_grbg8': 'GRBG',
}
DEEP_BAYER = {name.replace('8', '16'): pattern for name, pattern in BAYER.items()}
# Eight-bit Y, U and V are each half a level off; blue weighs U by 2.02 and Y by 1.16.
YUV_LEVELS = 3

sizes, paddings = st.integers(1, 40), st.integers(0, 9)
even_sizes = st.integers(1, 20).map(lambda half: 2 * half)


def pixels(shape, seed) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def padded(rows: np.ndarray, padding: int) -> tuple[np.ndarray, int]:
    """Bytes of (rows, bytes) with something else after each row, and their step."""
    rubbish = pixels((len(rows), padding), 7)
    return np.hstack([rows, rubbish]).ravel(), rows.shape[1] + padding


def decoded(encoding, width, height, rows, padding=0, big_endian=False):
    buffer, step = padded(rows, padding)
    frame = frame_from_raw(RawImage(encoding, width, height, step, big_endian, buffer), 42)
    assert frame.stamp_ns == 42
    assert frame.image.dtype == np.uint8
    assert frame.image_wh == (width, height)
    return frame, buffer


def rgb_of(frame) -> np.ndarray:
    assert frame.order is PixelOrder.BGR
    return frame.image[..., ::-1].astype(int)


def yuv_from_rgb(rgb: np.ndarray) -> dict[str, np.ndarray]:
    """ITU-R BT.601, limited range, as its text gives it."""
    r, g, b = np.moveaxis(rgb.astype(float) / 255, -1, 0)
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    planes = {
        'Y': 16 + 219 * luma,
        'U': 128 + 224 * (b - luma) / (2 * (1 - 0.114)),
        'V': 128 + 224 * (r - luma) / (2 * (1 - 0.299)),
    }
    return {name: np.rint(plane).astype(np.uint8) for name, plane in planes.items()}


def blocks(width, height, seed) -> np.ndarray:
    """Random colours, each two pixels wide and high, as chroma has half the resolution."""
    small = pixels((height // 2, width // 2, 3), seed)
    return small.repeat(2, axis=0).repeat(2, axis=1)


def mosaic(rgb: np.ndarray, pattern: str) -> np.ndarray:
    """What a sensor behind a Bayer filter sees."""
    seen = np.empty(rgb.shape[:2], np.uint8)
    for position, colour in enumerate(pattern):
        row, column = divmod(position, 2)
        seen[row::2, column::2] = rgb[row::2, column::2, 'RGB'.index(colour)]
    return seen


def test_this_file_knows_every_encoding():
    known = {*CHANNELS, *DEEP, *PACKED, *SEMIPLANAR, 'nv24', *BAYER, *DEEP_BAYER}
    assert set(LAYOUTS) == known
    assert set(BY_NAME) == known | set(TYPES)


@pytest.mark.parametrize('encoding', CHANNELS)
@given(width=sizes, height=sizes, padding=paddings)
def test_plain_encodings_are_views(encoding, width, height, padding):
    channels = len(CHANNELS[encoding])
    image = pixels((height, width, channels), 3)
    frame, buffer = decoded(encoding, width, height, image.reshape(height, -1), padding)
    assert frame.order is PixelOrder[ORDERS[encoding]]
    assert np.array_equal(frame.image.reshape(height, width, channels), image)
    assert np.shares_memory(frame.image, buffer)


def bytes_of(values: np.ndarray, big_endian: bool) -> np.ndarray:
    """(rows, 2 · numbers) uint8 of 16-bit numbers."""
    high, low = (values // 256).astype(np.uint8), (values % 256).astype(np.uint8)
    both = np.stack([high, low] if big_endian else [low, high], axis=-1)
    return both.reshape(len(values), -1)


@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize('encoding', DEEP)
@given(width=sizes, height=sizes, padding=paddings)
def test_16_bits_keep_black_and_white(encoding, big_endian, width, height, padding):
    channels = len(CHANNELS[DEEP[encoding]])
    values = np.random.default_rng(4).integers(0, 65536, (height, width, channels))
    values.flat[0], values.flat[-1] = 0, 65535
    rows = bytes_of(values, big_endian)
    frame, _ = decoded(encoding, width, height, rows, padding, big_endian)
    assert frame.order is PixelOrder[ORDERS[DEEP[encoding]]]
    got = frame.image.reshape(values.shape)
    assert np.abs(got - values * (255 / 65535)).max() <= 0.5 + 1e-6


@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize('bits', [8, 10, 12, 14, 16])
def test_a_sensor_of_fewer_bits_is_as_bright_as_8_bits_are(bits, big_endian):
    mono8 = pixels((24, 30), 8)
    mono8[0, 0] = 255
    values = np.rint(mono8 * ((2**bits - 1) / 255)).astype(int)
    frame, _ = decoded('mono16', 30, 24, bytes_of(values, big_endian), 3, big_endian)
    assert np.array_equal(frame.image, mono8)


@pytest.mark.parametrize(('name', 'meant'), TYPES.items())
def test_types_of_opencv_are_in_its_order(name, meant):
    rows = pixels((6, 8 * 8), 9)
    frame, _ = decoded(name, 8, 6, rows)
    same, _ = decoded(meant, 8, 6, rows)
    assert frame.order is same.order
    assert np.array_equal(frame.image, same.image)


@pytest.mark.parametrize('spelled', ['BGR8', 'Bgr8', ' bgr8', 'bgr8\n', '8uc3'])
def test_case_and_spaces_do_not_matter(spelled):
    rows = pixels((3, 12), 9)
    frame, _ = decoded(spelled, 4, 3, rows)
    assert frame.order is PixelOrder.BGR
    assert np.array_equal(frame.image, rows.reshape(3, 4, 3))


def packed_rows(encoding: str, rgb: np.ndarray) -> np.ndarray:
    """Bytes of an image of an even width whose pairs of columns are alike."""
    planes = yuv_from_rgb(rgb)
    lumas = iter((planes['Y'][:, 0::2], planes['Y'][:, 1::2]))
    order = [next(lumas) if name == 'Y' else planes[name][:, ::2] for name in PACKED[encoding]]
    return np.stack(order, axis=-1).reshape(len(rgb), -1)


@pytest.mark.parametrize('encoding', PACKED)
@given(width=sizes, height=sizes, padding=paddings)
def test_packed_yuv(encoding, width, height, padding):
    """Pairs of pixels share a colour; of the last pair an image may show one."""
    rgb = pixels((height, (width + 1) // 2, 3), 5).repeat(2, axis=1)
    frame, _ = decoded(encoding, width, height, packed_rows(encoding, rgb), padding)
    assert np.abs(rgb_of(frame) - rgb[:, :width]).max() <= YUV_LEVELS


@given(width=sizes, height=sizes)
def test_semiplanar_yuv_with_a_colour_for_each_pixel(width, height):
    rgb = pixels((height, width, 3), 6)
    planes = yuv_from_rgb(rgb)
    chroma = np.stack([planes['U'], planes['V']], axis=-1)
    rows = np.concatenate([planes['Y'].ravel(), chroma.ravel()]).reshape(3 * height, width)
    frame, _ = decoded('nv24', width, height, rows)
    assert np.abs(rgb_of(frame) - rgb).max() <= YUV_LEVELS


@pytest.mark.parametrize('encoding', SEMIPLANAR)
@given(width=even_sizes, height=even_sizes, padding=paddings)
def test_semiplanar_yuv(encoding, width, height, padding):
    rgb = blocks(width, height, 6)
    planes = yuv_from_rgb(rgb)
    chroma = np.stack([planes[name][::2, ::2] for name in SEMIPLANAR[encoding]], axis=-1)
    rows = np.vstack([planes['Y'], chroma.reshape(height // 2, width)])
    frame, _ = decoded(encoding, width, height, rows, padding)
    assert np.abs(rgb_of(frame) - rgb).max() <= YUV_LEVELS


mosaic_sizes = st.integers(3, 40)


@pytest.mark.parametrize('encoding', BAYER)
@given(
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    width=mosaic_sizes,
    height=mosaic_sizes,
    padding=paddings,
)
def test_bayer_of_one_colour(encoding, colour, width, height, padding):
    rgb = np.broadcast_to(np.uint8(colour), (height, width, 3))
    frame, _ = decoded(encoding, width, height, mosaic(rgb, BAYER[encoding]), padding)
    assert (rgb_of(frame) == colour).all()


def bilinear(seen: np.ndarray, pattern: str) -> np.ndarray:
    """Each colour as the mean of its nearest samples in the mosaic; right inside the border."""
    height, width = seen.shape
    rgb = np.zeros((height, width, 3))
    for index, colour in enumerate('RGB'):
        total, weights = np.zeros((2, height + 2, width + 2))
        for position in (position for position, name in enumerate(pattern) if name == colour):
            row, column = divmod(position, 2)
            for down, right in np.ndindex(3, 3):
                weight = (1 + (down == 1)) * (1 + (right == 1))
                values = seen[row::2, column::2].astype(float)
                spot = np.s_[row + down : height + down : 2, column + right : width + right : 2]
                total[spot] += weight * values
                weights[spot] += weight
        # Where the mosaic has this colour, its own value counts and no neighbour.
        rgb[..., index] = (total / np.maximum(weights, 1))[1:-1, 1:-1]
        for position in (position for position, name in enumerate(pattern) if name == colour):
            row, column = divmod(position, 2)
            rgb[row::2, column::2, index] = seen[row::2, column::2]
    return rgb


@pytest.mark.parametrize('encoding', BAYER)
@given(width=mosaic_sizes, height=mosaic_sizes)
def test_bayer_of_any_size_is_interpolated_from_its_neighbours(encoding, width, height):
    seen = pixels((height, width), 11)
    frame, _ = decoded(encoding, width, height, seen)
    inside = np.s_[1:-1, 1:-1]
    expected = bilinear(seen, BAYER[encoding])
    assert np.abs(rgb_of(frame)[inside] - expected[inside]).max() <= 1


@pytest.mark.parametrize('encoding', BAYER)
@pytest.mark.parametrize(('width', 'height'), [(20, 16), (21, 16), (20, 15), (21, 15)])
def test_bayer_neither_mirrors_nor_swaps_the_picture(encoding, width, height):
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    rgb = np.stack([10 + 5 * x, 200 - 4 * y, 30 + 3 * x + 6 * y], axis=-1)
    frame, _ = decoded(encoding, width, height, mosaic(rgb, BAYER[encoding]))
    # Linear interpolation is right on a slope; the border shows its neighbour's colour.
    errors = np.abs(rgb_of(frame) - rgb)
    assert errors[1:-1, 1:-1].max() <= 1
    assert errors.max() <= 9 + 1


@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize('bits', [10, 16])
@pytest.mark.parametrize('encoding', DEEP_BAYER)
def test_bayer_of_16_bits_is_that_of_8(encoding, bits, big_endian):
    seen = pixels((15, 21), 12)
    seen[0, 0] = 255
    values = np.rint(seen * ((2**bits - 1) / 255)).astype(int)
    frame, _ = decoded(encoding, 21, 15, bytes_of(values, big_endian), 5, big_endian)
    same, _ = decoded(encoding.replace('16', '8'), 21, 15, seen)
    assert np.array_equal(frame.image, same.image)


@pytest.mark.parametrize('encoding', ['32FC3', '8SC1', '', 'yuv420', '64FC1'])
def test_an_unknown_encoding_is_named_with_those_that_work(encoding):
    with pytest.raises(ImageError) as error:
        frame_from_raw(RawImage(encoding, 2, 2, 8, False, np.zeros(16, np.uint8)), 0)
    assert repr(encoding) in str(error.value)
    assert all(known in str(error.value) for known in LAYOUTS)


@pytest.mark.parametrize(
    ('encoding', 'way_out'),
    [
        ('16UC1', 'colour or infrared image.*mono16'),
        ('32FC1', 'colour or infrared image'),
        (' 16uc1', 'colour or infrared image'),
        ('8UC2', 'publish yuv422 .* or yuv422_yuy2'),
    ],
)
def test_what_has_no_one_meaning_is_refused_with_what_to_publish(encoding, way_out):
    with pytest.raises(ImageError, match=way_out) as error:
        frame_from_raw(RawImage(encoding, 2, 2, 8, False, np.zeros(16, np.uint8)), 0)
    assert repr(encoding) in str(error.value)


@pytest.mark.parametrize(
    ('encoding', 'width', 'height', 'step', 'size', 'complaint'),
    [
        ('rgb8', 4, 3, 12, 35, 'data has 35 bytes, step and size need 36'),
        ('rgb8', 4, 3, 20, 51, 'data has 51 bytes, step and size need 52'),
        ('nv12', 4, 4, 4, 23, 'data has 23 bytes, step and size need 24'),
        ('rgb8', 4, 3, 11, 99, 'step is 11 bytes, a row needs 12'),
        ('mono16', 4, 3, 7, 99, 'step is 7 bytes, a row needs 8'),
        ('mono8', 0, 3, 4, 99, '0x3 mono8 image: each side must be 1 to'),
        ('mono8', 4, 0, 4, 99, '4x0 mono8 image: each side must be 1 to'),
        ('mono8', MAX_SIDE_PX + 1, 1, 99999, 99999, f'1 to {MAX_SIDE_PX} px'),
        ('mono8', 1, MAX_SIDE_PX + 1, 1, 99999, f'1 to {MAX_SIDE_PX} px'),
        ('yuyv', 3, 2, 6, 99, 'step is 6 bytes, a row needs 8'),
        ('nv12', 2, 3, 2, 99, 'needs even sides'),
        ('nv12', 3, 2, 4, 99, '3x2 nv12 image: this encoding needs even sides'),
        ('nv24', 4, 2, 5, 99, 'this encoding has no padding'),
        ('nv24', 4, 2, 4, 23, 'data has 23 bytes, step and size need 24'),
    ],
)
def test_numbers_that_do_not_fit_are_named(encoding, width, height, step, size, complaint):
    raw = RawImage(encoding, width, height, step, False, np.zeros(size, np.uint8))
    with pytest.raises(ImageError, match=complaint):
        frame_from_raw(raw, 0)


def test_the_last_row_needs_no_padding():
    frame = frame_from_raw(RawImage('rgb8', 4, 3, 20, False, np.zeros(52, np.uint8)), 0)
    assert frame.image.shape == (3, 4, 3)


numbers = st.one_of(
    st.integers(0, 24),
    st.sampled_from([MAX_SIDE_PX, MAX_SIDE_PX + 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1]),
)


@given(
    st.one_of(st.sampled_from(list(BY_NAME)), st.text(max_size=8)),
    numbers,
    numbers,
    st.one_of(numbers, st.integers(0, 100)),
    st.booleans(),
    st.integers(0, 2000),
)
def test_any_numbers_give_a_frame_or_an_image_error(
    encoding, width, height, step, big_endian, size
):
    raw = RawImage(encoding, width, height, step, big_endian, np.zeros(size, np.uint8))
    try:
        frame = frame_from_raw(raw, 0)
    except ImageError:
        return
    assert frame.image_wh == (width, height)
    assert frame.image.dtype == np.uint8
    assert frame.image.reshape(height, width, -1).shape[2] == frame.order.channels
