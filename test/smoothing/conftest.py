"""A synthetic head: the canonical face, posed, opened, noisy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.landmark_smoother import filter_from_settings

KINDS = ('none', 'one_euro', 'rigid')
EYE_DISTANCE_PX = 100.0
NOISE_REACH_PX = 15.0
# Noise of the pose on still pictures, standard deviations relative to a skin landmark's within the
# head; lengths in eye distances (docs/filtering.md). SKIN_SHARE is the skin's within the head.
SHIFT_NOISE, SKIN_SHARE = (1.5, 1.5, 1.2), 0.5
AXES_NOISE = ((2.4, 2.4, 6.5), (2.4, 2.4, 6.5), (9.0, 9.0, 4.7))
IRISES_NEAR = (159, 386)
RIGHT_UPPER_LIDS = (160, 159, 158)
RIGHT_LOWER_LIDS = (144, 145, 153)


@dataclass(frozen=True)
class SyntheticHead:
    """The canonical face as a camera far away sees it, 478 landmarks."""

    points_px: np.ndarray

    def landmarks(
        self, centre=(320.0, 240.0), scale=1.0, roll_rad=0.0, yaw_rad=0.0, closed=0.0
    ) -> np.ndarray:
        """Return (478, 3) px."""
        points = self.points_px.copy()
        upper, lower = points[list(RIGHT_UPPER_LIDS)], points[list(RIGHT_LOWER_LIDS)]
        points[list(RIGHT_UPPER_LIDS)] = upper + closed * (lower - upper)
        turn = np.array(
            [
                [np.cos(yaw_rad), 0, np.sin(yaw_rad)],
                [0, 1, 0],
                [-np.sin(yaw_rad), 0, np.cos(yaw_rad)],
            ]
        )
        tilt = np.array(
            [
                [np.cos(roll_rad), -np.sin(roll_rad), 0],
                [np.sin(roll_rad), np.cos(roll_rad), 0],
                [0, 0, 1],
            ]
        )
        posed = scale * points @ (tilt @ turn).T
        return np.add(posed, [*centre, 0]).astype(np.float32)

    def noise(
        self, seed: int, frames: int, deviation_px: float = 0.1, size_noise: float = 0.0
    ) -> np.ndarray:
        """Return noise (frames, 478, 3) px as a landmark model has it.

        Neighbours err alike, and so does the head as a whole: its place, size and directions; of
        some faces the size more than all else, by `size_noise` more.
        """
        random = np.random.default_rng(seed)
        distances = np.linalg.norm(self.points_px[:, None, :2] - self.points_px[::8, :2], axis=2)
        patterns = np.exp(-0.5 * (distances / NOISE_REACH_PX) ** 2)
        amounts = random.standard_normal((frames, 3, patterns.shape[1]))
        errors = (amounts @ patterns.T).transpose(0, 2, 1)
        errors /= errors.std()
        axes, shifts = random.standard_normal((frames, 3, 3)), random.standard_normal((frames, 3))
        places = self.points_px / EYE_DISTANCE_PX
        errors += SKIN_SHARE * places @ (axes * AXES_NOISE).transpose(0, 2, 1)
        errors += SKIN_SHARE * (shifts * SHIFT_NOISE)[:, None]
        pixels = deviation_px * errors / errors.std()
        sizes = size_noise * random.standard_normal((frames, 1, 1))
        pixels += SKIN_SHARE * deviation_px / errors.std() * sizes * places
        return pixels.astype(np.float32)


@pytest.fixture(scope='session')
def head() -> SyntheticHead:
    topology = load_topology(468)
    mesh = topology.canonical_vertices_m.astype(np.float64) * [1, -1, -1]
    mesh -= mesh.mean(axis=0)
    mesh *= EYE_DISTANCE_PX / np.linalg.norm(mesh[263] - mesh[33])
    irises = [mesh[near] + [dx, 4, 0] for near in IRISES_NEAR for dx in range(-4, 6, 2)]
    return SyntheticHead(np.concatenate([mesh, irises]))


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def filtered():
    """Run one or more faces through a fresh filter; returns (F, N, L, 3)."""

    def run(frames, kind='rigid', rate_hz=30.0, stamps_ns=None, ids=None, **settings):
        frames = np.asarray(frames, np.float32)
        frames = frames[:, None] if frames.ndim == 3 else frames
        ids = np.arange(1, frames.shape[1] + 1) if ids is None else np.asarray(ids)
        if stamps_ns is None:
            stamps_ns = [round(index * 1e9 / rate_hz) for index in range(len(frames))]
        smoother = filter_from_settings(FilterSettings(type=kind, **settings))
        return np.stack(
            [
                smoother.update(ids, faces, stamp)
                for faces, stamp in zip(frames, stamps_ns, strict=True)
            ]
        )

    return run
