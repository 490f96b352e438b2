"""Intel's gaze network as a peer, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common.command import scratch_folder
from geometry_measurements.systems import rotation_between
from workspace.environment import environment_without_ros

from facemesh_ros.types import Camera, Float32, Float64, UInt8

NAME = "Intel's network"
SCRIPT = Path(__file__).resolve().parents[1] / 'systems' / 'intel_gaze.py'
EYE_CORNERS = [33, 133, 362, 263]
# Of the landmarks' box, around it, what the networks look at.
MARGIN = 0.4


@dataclass(frozen=True)
class IntelFace:
    """A face for the network.

    Attributes:
        bgr: (H, W, 3) the whole image.
        landmarks: (478, 3) px.
        camera: Of the image.
    """

    bgr: UInt8
    landmarks: Float32
    camera: Camera

    def cut_out(self) -> tuple[UInt8, Float32]:
        """Return the part of the image around the face, and the landmarks in it."""
        low, high = self.landmarks[:, :2].min(axis=0), self.landmarks[:, :2].max(axis=0)
        margin = MARGIN * (high - low)
        left, top = np.maximum(low - margin, 0).astype(int)
        right, bottom = (high + margin).astype(int)
        moved = self.landmarks - np.array([left, top, 0], np.float32)
        return np.ascontiguousarray(self.bgr[top:bottom, left:right]), moved

    def turned_to_sight(self, vector: Float64) -> Float64:
        """Return a direction that is relative to the line of sight in the optical frame."""
        between_eyes = self.landmarks[EYE_CORNERS, :2].mean(axis=0)
        ray = self.camera.rays_from_pixels(between_eyes)
        turned: Float64 = rotation_between(np.array([0.0, 0, 1]), ray) @ vector
        return turned


@dataclass(frozen=True)
class IntelGaze:
    """The network.

    Attributes:
        python: Of an environment with OpenVINO.
        models: Folder of the networks.
    """

    python: Path
    models: Path

    def directions(self, faces: Sequence[IntelFace | None]) -> list[Float64 | None]:
        """Return the gaze of each face in the optical frame, None where there is no face."""
        known = [face for face in faces if face]
        with scratch_folder() as folder:
            inputs, out = Path(folder) / 'faces.npz', Path(folder) / 'gazes.json'
            arrays = {}
            for index, face in enumerate(known):
                arrays[f'image_{index}'], arrays[f'landmarks_{index}'] = face.cut_out()
            np.savez(inputs, **arrays)
            command = [self.python, SCRIPT, self.models, inputs, out]
            variables = environment_without_ros()
            subprocess.run([str(part) for part in command], env=variables, check=True)
            vectors = iter(json.loads(out.read_text()))
        return [face.turned_to_sight(np.array(next(vectors))) if face else None for face in faces]
