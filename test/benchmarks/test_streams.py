"""What the sides of a benchmark are shown, and that its scenes hold what they say."""

import numpy as np
import pytest

from benchmarks.measuring.stream_scenes import COLUMNS_ROWS, StreamScene
from benchmarks.sides.serving import Side, measured_block


@pytest.fixture
def numbered(tmp_path):
    """A scene whose images show their own number."""
    path = tmp_path / 'scene.npy'
    numbers = np.arange(5, dtype=np.uint8)
    np.save(path, np.broadcast_to(numbers[:, None, None, None], (5, 2, 3, 3)))
    return str(path)


class Eye:
    """Remembers which images it saw, and when it was told to forget."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.side = Side(self.see, len, {}, forget=lambda: self.seen.append(-1))

    def see(self, rgb: np.ndarray) -> list[str]:
        assert rgb.shape == (2, 3, 3)
        assert not rgb.flags.writeable
        self.seen.append(int(rgb[0, 0, 0]))
        return ['face']


def test_a_stream_goes_there_and_back_and_on_where_the_last_block_ended(numbered):
    eye = Eye()
    for start in (0, 6):
        block = measured_block(eye.side, numbered, warm_up=2, count=4, stream=True, start=start)
        assert block['faces'] == [1] * 4
    assert eye.seen == [-1, 0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3]


def test_pictures_come_one_by_one_each_with_nothing_before_it(numbered):
    eye = Eye()
    measured_block(eye.side, numbered, warm_up=1, count=5)
    forgotten, shown = eye.seen[1::2], eye.seen[2::2]  # behind the first, at the block's start
    assert forgotten == [-1] * 6
    assert shown == [0, 1, 2, 3, 4, 0]


def test_memory_is_what_the_process_held_at_its_peak(numbered):
    def find(_):
        np.ones(64 << 20, np.uint8)
        return []

    before = measured_block(Eye().side, numbered, 0, 1)['peak_mib']
    after = measured_block(Side(find, len, {}), numbered, 0, 1)['peak_mib']
    assert after >= before
    assert after > 64


@pytest.mark.parametrize('faces', COLUMNS_ROWS)
def test_images_of_a_stream_differ_but_nothing_jumps(tmp_path, faces):
    file = StreamScene('test', (320, 240), faces).write(tmp_path)
    images = np.load(file).astype(float)
    assert images.shape == (11, 240, 320, 3)
    steps = np.abs(np.diff(images, axis=0)).mean(axis=(1, 2, 3))
    assert (steps > 0).all()
    assert steps.max() < np.abs(images[-1] - images[0]).mean()
