"""MediaPipe's legacy FaceMesh as a measured process; usage: mediapipe_legacy.py MAX_FACES."""

from __future__ import annotations

import sys

from serving import Side, serve


def load() -> Side:
    """Load FaceMesh with the attention model, each image by itself."""
    import mediapipe
    import numpy as np
    from mediapipe.python.solutions.face_mesh import FaceMesh

    solution = FaceMesh(
        static_image_mode=True,
        refine_landmarks=True,
        max_num_faces=int(sys.argv[1]),
        min_detection_confidence=0.5,
    )
    return Side(
        find=solution.process,
        count=lambda found: len(found.multi_face_landmarks or []),
        versions={'mediapipe': mediapipe.__version__, 'numpy': np.__version__},
    )


if __name__ == '__main__':
    serve(load)
