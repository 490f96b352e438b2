"""Measured processes get the images they should, and scenes show what they say."""

from dataclasses import replace

import numpy as np
import pytest
from common.scenes import TILES, stream_scene
from systems.serving import MeasuredSystem, measure_block


@pytest.fixture
def numbered(tmp_path):
    """A scene whose images show their own number."""
    path = tmp_path / 'scene.npy'
    numbers = np.arange(5, dtype=np.uint8)
    np.save(path, np.broadcast_to(numbers[:, None, None, None], (5, 2, 3, 3)))
    return str(path)


class Recorder:
    """Records the numbers of its images, and -1 for each reset."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        reset = lambda: self.seen.append(-1)  # noqa: E731
        self.system = MeasuredSystem(self.process, len, {}, reset=reset)

    def process(self, rgb: np.ndarray) -> list[str]:
        assert rgb.shape == (2, 3, 3)
        assert not rgb.flags.writeable
        self.seen.append(int(rgb[0, 0, 0]))
        return ['face']


def test_a_stream_goes_forth_and_back_and_continues_where_the_last_block_ended(numbered):
    recorder = Recorder()
    for start in (0, 6):
        block = measure_block(
            recorder.system, numbered, warm_up=2, count=4, stream=True, start=start
        )
        assert block['faces'] == [1] * 4
    assert recorder.seen == [-1, 0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3]


def test_single_pictures_are_processed_after_a_reset_each(numbered):
    recorder = Recorder()
    measure_block(recorder.system, numbered, warm_up=1, count=5)
    resets, shown = (
        recorder.seen[1::2],
        recorder.seen[2::2],
    )  # behind the first, at the block's start
    assert resets == [-1] * 6
    assert shown == [0, 1, 2, 3, 4, 0]


def test_memory_is_what_the_process_held_at_its_peak(numbered):
    def process(_):
        np.ones(64 << 20, np.uint8)
        return []

    before = measure_block(Recorder().system, numbered, 1)['peak_mib']
    after = measure_block(MeasuredSystem(process, len, {}), numbered, 1)['peak_mib']
    assert after >= before
    assert after > 64


@pytest.mark.parametrize('faces', TILES)
def test_images_of_a_stream_differ_but_nothing_jumps(tmp_path, faces):
    file = replace(stream_scene('VGA', faces), image_wh=(320, 240)).write(tmp_path)
    images = np.load(file).astype(float)
    assert images.shape == (11, 240, 320, 3)
    steps = np.abs(np.diff(images, axis=0)).mean(axis=(1, 2, 3))
    assert (steps > 0).all()
    assert steps.max() < np.abs(images[-1] - images[0]).mean()
