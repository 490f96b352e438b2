"""Run MediaPipe Tasks on a stream; needs an environment of its own.

Usage: peer_stream.py IMAGES STAMPS BUNDLE OUT, where IMAGES holds (F, H, W, 3) RGB with two faces,
STAMPS (F,) ms, and BUNDLE is face_landmarker.task. OUT gets `raw` and `filtered`, each (F, 478, 3)
px, of one and the same face: MediaPipe filters where it looks for one face, and not for two.
"""

from __future__ import annotations

import sys

import numpy as np
from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions, vision


def landmarks_of(images: np.ndarray, stamps_ms: np.ndarray, bundle: str, faces: int) -> np.ndarray:
    """Return (F, faces, 478, 3) px."""
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=bundle),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=faces,
    )
    found = []
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for rgb, stamp_ms in zip(images, stamps_ms.tolist(), strict=True):
            image = Image(image_format=ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
            result = landmarker.detect_for_video(image, stamp_ms).face_landmarks
            found.append([[(point.x, point.y, point.z) for point in face] for face in result])
    height, width = images.shape[1:3]
    return (np.array(found) * [width, height, width]).astype(np.float32)


def main() -> None:
    """Write what MediaPipe found."""
    images, stamps_ms = np.load(sys.argv[1]), np.load(sys.argv[2])
    filtered = landmarks_of(images, stamps_ms, sys.argv[3], 1)[:, 0]
    both = landmarks_of(images, stamps_ms, sys.argv[3], 2)
    # The first image of a stream is not filtered, which tells the face.
    same = int(np.abs(both[0] - filtered[0]).max(axis=(1, 2)).argmin())
    np.savez_compressed(
        sys.argv[4], raw=both[:, same], filtered=filtered, stamps_ms=stamps_ms.astype(np.int64)
    )


if __name__ == '__main__':
    main()
