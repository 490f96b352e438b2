"""MediaPipe's legacy FaceMesh as a measured process."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from serving import Side, serve


def load(options: Namespace) -> Side:
    """Load FaceMesh."""
    import mediapipe
    import numpy as np
    from mediapipe.python.solutions.face_mesh import FaceMesh

    solution = FaceMesh(
        static_image_mode=not options.stream,
        refine_landmarks=options.model == 'attention',
        max_num_faces=options.max_faces,
        min_detection_confidence=0.5,
    )
    return Side(
        find=solution.process,
        count=lambda found: len(found.multi_face_landmarks or []),
        versions={'mediapipe': mediapipe.__version__, 'numpy': np.__version__},
    )


def arguments() -> Namespace:
    """Return the command line's arguments."""
    parser = ArgumentParser()
    parser.add_argument('max_faces', type=int)
    parser.add_argument('--stream', action='store_true', help='follow the faces')
    parser.add_argument('--model', choices=('attention', 'mesh'), default='attention')
    return parser.parse_args()


if __name__ == '__main__':
    chosen = arguments()
    serve(lambda: load(chosen))
