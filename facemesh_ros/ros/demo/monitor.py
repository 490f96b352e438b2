"""Subscribes to the node as any consumer would: counts, last faces, annotated images."""

from __future__ import annotations

from collections import Counter, deque

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from facemesh_ros.msg import FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.demo.recording import Recording
from facemesh_ros.ros.input.image_conversion import frame_from_msg, ns_from_stamp
from facemesh_ros.ros.qos import LATCHED, RELIABLE, SENSOR_DATA
from facemesh_ros.types import UInt8
from facemesh_ros.viz.drawing import bgr_from_frame

RATE_WINDOW = 60


class Monitor(Node):
    """Records what the camera and the node publish.

    Attributes:
        info: The models that run; None until the node is ready.
        last: The last message with landmarks; None before the first.
        sent: Images sent by the camera since the first one that was seen on both topics.
        face_counts: How many of these were answered with 0, 1, 2, … faces.
        diagnostics: Values of the node's diagnostics, by key.
        picture: The last annotated image with a face, (H, W, 3) BGR.
    """

    def __init__(self, namespace: str, recording: Recording) -> None:
        super().__init__('demo_monitor', namespace=namespace)
        self.info: FaceMeshInfo | None = None
        self.last: FaceMeshArray | None = None
        self.sent = 0
        self.face_counts: Counter[int] = Counter()
        self.diagnostics: dict[str, str] = {}
        self.picture: UInt8 | None = None
        self._recording = recording
        self._start_ns = 0
        # (stamp, number of faces) of the images that were not yet seen on both topics.
        self._sent: deque[tuple[int, int]] = deque()
        self._answered: deque[tuple[int, int]] = deque()
        self._arrivals_ns: deque[int] = deque(maxlen=RATE_WINDOW)
        self.create_subscription(FaceMeshInfo, 'facemesh/info', self._on_info, LATCHED)
        self.create_subscription(FaceMeshArray, 'facemesh/landmarks', self._on_faces, RELIABLE)
        self.create_subscription(CameraInfo, 'camera_info', self._on_camera_info, RELIABLE)
        self.create_subscription(DiagnosticArray, 'diagnostics', self._on_diagnostics, RELIABLE)
        self.create_subscription(Image, 'facemesh/debug_image', self._on_image, SENSOR_DATA)

    @property
    def answered(self) -> int:
        """Of the images sent, those that the node published landmarks for."""
        return sum(self.face_counts.values())

    @property
    def lost(self) -> int:
        """Images that never reached the node, where the middleware reports them."""
        return int(self.last.lost_images) if self.last else 0

    @property
    def rate_hz(self) -> float:
        """Landmark messages per second, over the last 60."""
        if len(self._arrivals_ns) < 2:
            return 0.0
        span_s = (self._arrivals_ns[-1] - self._arrivals_ns[0]) / 1e9
        return (len(self._arrivals_ns) - 1) / span_s if span_s > 0 else 0.0

    def _on_info(self, msg: FaceMeshInfo) -> None:
        self.info = msg

    def _on_camera_info(self, msg: CameraInfo) -> None:
        self._sent.append((ns_from_stamp(msg.header), 0))
        self._count()

    def _on_faces(self, msg: FaceMeshArray) -> None:
        self.last = msg
        self._answered.append((ns_from_stamp(msg.header), len(msg.faces)))
        self._count()
        self._arrivals_ns.append(self.get_clock().now().nanoseconds)

    def _count(self) -> None:
        """Count the images up to the stamp that both topics have reached."""
        if not self._sent or not self._answered:
            return
        self._start_ns = self._start_ns or max(self._sent[0][0], self._answered[0][0])
        reached_ns = min(self._sent[-1][0], self._answered[-1][0])
        for images in (self._sent, self._answered):
            while len(images) > 1 and images[0][0] <= reached_ns:
                stamp_ns, faces = images.popleft()
                if stamp_ns > self._start_ns and images is self._sent:
                    self.sent += 1
                elif stamp_ns > self._start_ns:
                    self.face_counts[faces] += 1

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            if status.name.endswith(': faces'):
                self.diagnostics = {item.key: item.value for item in status.values}

    def _on_image(self, msg: Image) -> None:
        bgr = bgr_from_frame(frame_from_msg(msg))
        if self.last is not None and self.last.faces:
            self.picture = bgr
        self._recording.add(bgr)
