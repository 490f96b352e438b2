"""Subscribes to the node as any consumer would: counts, last faces, annotated images."""

from __future__ import annotations

from collections import deque

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from facemesh_ros.msg import FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.demo.image_counts import ImageCounts
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
        images: What became of the camera's images.
        diagnostics: Values of the node's diagnostics, by key.
        picture: The last annotated image with a face, (H, W, 3) BGR.
    """

    def __init__(self, namespace: str, recording: Recording) -> None:
        super().__init__('demo_monitor', namespace=namespace)
        self.info: FaceMeshInfo | None = None
        self.last: FaceMeshArray | None = None
        self.images = ImageCounts()
        self.diagnostics: dict[str, str] = {}
        self.picture: UInt8 | None = None
        self._recording = recording
        self._arrivals_ns: deque[int] = deque(maxlen=RATE_WINDOW)
        self.create_subscription(FaceMeshInfo, 'facemesh/info', self._on_info, LATCHED)
        self.create_subscription(FaceMeshArray, 'facemesh/landmarks', self._on_faces, RELIABLE)
        self.create_subscription(CameraInfo, 'camera_info', self._on_camera_info, RELIABLE)
        self.create_subscription(DiagnosticArray, 'diagnostics', self._on_diagnostics, RELIABLE)
        self.create_subscription(Image, 'facemesh/debug_image', self._on_image, SENSOR_DATA)

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
        self.images.add_sent(ns_from_stamp(msg.header))

    def _on_faces(self, msg: FaceMeshArray) -> None:
        self.last = msg
        self.images.add_answered(ns_from_stamp(msg.header), len(msg.faces))
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
