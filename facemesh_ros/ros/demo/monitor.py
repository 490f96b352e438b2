"""What a consumer sees of the node: counts, the last faces, the annotated images."""

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
    """Listens to the node as any other would.

    Attributes:
        info: What runs; None until the node is ready.
        last: The last faces; None until there are any.
        sent: Images that the camera sent, since camera, node and witness have found each other.
        answers: Of these, how many the node answered with 0, 1, 2, … faces.
        diagnostics: The node's own figures, by name.
        picture: The last annotated image with a face, (H, W, 3) BGR.
    """

    def __init__(self, namespace: str, recording: Recording) -> None:
        super().__init__('demo_witness', namespace=namespace)
        self.info: FaceMeshInfo | None = None
        self.last: FaceMeshArray | None = None
        self.sent = 0
        self.answers: Counter[int] = Counter()
        self.diagnostics: dict[str, str] = {}
        self.picture: UInt8 | None = None
        self._recording = recording
        self._start_ns = 0
        self._noted: dict[str, deque[tuple[int, int]]] = {
            'camera_info': deque(),
            'landmarks': deque(),
        }
        self._arrivals_ns: deque[int] = deque(maxlen=RATE_WINDOW)
        self.create_subscription(FaceMeshInfo, 'facemesh/info', self._on_info, LATCHED)
        self.create_subscription(FaceMeshArray, 'facemesh/landmarks', self._on_faces, RELIABLE)
        self.create_subscription(CameraInfo, 'camera_info', self._on_sent, RELIABLE)
        self.create_subscription(DiagnosticArray, 'diagnostics', self._on_diagnostics, RELIABLE)
        self.create_subscription(Image, 'facemesh/debug_image', self._on_image, SENSOR_DATA)

    @property
    def answered(self) -> int:
        """Images that the node published landmarks for, of those that count as sent."""
        return sum(self.answers.values())

    @property
    def lost(self) -> int:
        """Images that never reached the node, as far as the distribution tells."""
        return int(self.last.lost_images) if self.last else 0

    @property
    def rate_hz(self) -> float:
        """Landmark messages a second, over the last two seconds or so."""
        if len(self._arrivals_ns) < 2:
            return 0.0
        span_s = (self._arrivals_ns[-1] - self._arrivals_ns[0]) / 1e9
        return (len(self._arrivals_ns) - 1) / span_s if span_s > 0 else 0.0

    def _on_info(self, msg: FaceMeshInfo) -> None:
        self.info = msg

    def _on_sent(self, msg: CameraInfo) -> None:
        self._note('camera_info', ns_from_stamp(msg.header), 1)

    def _note(self, topic: str, stamp_ns: int, number: int) -> None:
        """Keep what a message says of an image until the other topic has caught up with it."""
        self._noted[topic].append((stamp_ns, number))
        if not all(self._noted.values()):
            return
        # Those count that come after the first that was seen on both topics.
        self._start_ns = self._start_ns or max(noted[0][0] for noted in self._noted.values())
        reached_ns = min(noted[-1][0] for noted in self._noted.values())
        for name, noted in self._noted.items():
            while len(noted) > 1 and noted[0][0] <= reached_ns:
                self._count(name, *noted.popleft())

    def _count(self, topic: str, stamp_ns: int, number: int) -> None:
        if stamp_ns <= self._start_ns:
            return
        if topic == 'camera_info':
            self.sent += 1
        else:
            self.answers[number] += 1

    def _on_faces(self, msg: FaceMeshArray) -> None:
        self.last = msg
        self._note('landmarks', ns_from_stamp(msg.header), len(msg.faces))
        self._arrivals_ns.append(self.get_clock().now().nanoseconds)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            if status.name.endswith(': faces'):
                self.diagnostics = {item.key: item.value for item in status.values}

    def _on_image(self, msg: Image) -> None:
        bgr = bgr_from_frame(frame_from_msg(msg))
        if self.last is not None and self.last.faces:
            self.picture = bgr
        self._recording.add(bgr)
