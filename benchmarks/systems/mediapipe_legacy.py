"""A graph of MediaPipe 0.10 as a measured process: FaceMesh or FaceDetection."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from serving import MeasuredSystem, serve

MESHES, DETECTORS = ('mesh', 'attention'), ('short_range', 'full_range')


def load(options: Namespace) -> MeasuredSystem:
    """Load the graph."""
    import mediapipe
    import numpy as np

    versions = {'mediapipe': mediapipe.__version__, 'numpy': np.__version__}
    if options.graph in DETECTORS:
        from mediapipe.python.solutions.face_detection import FaceDetection

        detection = FaceDetection(
            model_selection=DETECTORS.index(options.graph), min_detection_confidence=0.5
        )
        return MeasuredSystem(
            process=detection.process,
            count=lambda found: len(found.detections or []),
            versions=versions,
            boxes_xyxy=detected_boxes,
        )
    from mediapipe.python.solutions.face_mesh import FaceMesh

    mesh = FaceMesh(
        static_image_mode=not options.stream,
        refine_landmarks=options.graph == 'attention',
        max_num_faces=options.max_faces,
        min_detection_confidence=0.5,
    )
    return MeasuredSystem(
        process=mesh.process,
        count=lambda found: len(found.multi_face_landmarks or []),
        versions=versions,
    )


def detected_boxes(found: Any, image_wh: tuple[int, int]) -> list[list[float]]:
    """Return the detected boxes, (M, 4) px."""
    width, height = image_wh
    boxes = [one.location_data.relative_bounding_box for one in found.detections or []]
    return [
        [
            box.xmin * width,
            box.ymin * height,
            (box.xmin + box.width) * width,
            (box.ymin + box.height) * height,
        ]
        for box in boxes
    ]


def arguments() -> Namespace:
    """Parse the command line."""
    parser = ArgumentParser()
    parser.add_argument('graph', choices=(*MESHES, *DETECTORS))
    parser.add_argument('--max-faces', type=int, default=1)
    parser.add_argument('--stream', action='store_true', help='track faces')
    return parser.parse_args()


if __name__ == '__main__':
    chosen = arguments()
    serve(lambda: load(chosen))
