"""MediaPipe Tasks as a stream; usage: mediapipe_stream.py BUNDLE IMAGES RATE_HZ OUTPUT.

IMAGES holds (F, H, W, 3) RGB; OUTPUT gets (F, 478, 3) px, NaN where no face was found. One face
at most: only then does MediaPipe filter.
"""

from __future__ import annotations

import sys

import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision


def main() -> None:
    """Run FaceLandmarker in VIDEO mode over the images."""
    bundle, images, rate_hz, output = sys.argv[1:]
    shown = np.load(images, mmap_mode='r')
    found = np.full((len(shown), 478, 3), np.nan, np.float32)
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=bundle),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=1,
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for index, rgb in enumerate(shown):
            image = mediapipe.Image(
                image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb)
            )
            faces = landmarker.detect_for_video(image, round(1e3 * index / float(rate_hz)))
            if faces.face_landmarks:
                points = [(each.x, each.y, each.z) for each in faces.face_landmarks[0]]
                height, width = rgb.shape[:2]
                found[index] = np.array(points) * [width, height, width]
    np.save(output, found)


if __name__ == '__main__':
    main()
