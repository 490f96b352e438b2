"""Registered depth images, matched to the camera's images by stamp."""

from __future__ import annotations

from threading import Lock

from sensor_msgs.msg import Image

from facemesh_ros.errors import kind_of
from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.messages.cdr_image import Octets
from facemesh_ros.messages.nearest_depth import NearestDepth
from facemesh_ros.ros.diagnostics.finding import ONCE, LogThrottle
from facemesh_ros.ros.input.cdr_image import AnyImage, read_image
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.input.waiting_messages import WaitingMessages
from facemesh_ros.ros.qos import SENSOR_DATA, resolved
from facemesh_ros.types import DepthImage

# Of the newest few one belongs to the image: they arrive while it waits and is processed.
KEPT = SENSOR_DATA.depth
# Metric modes that look at depth images.
MODES = ('auto', 'depth')


class DepthImages:
    """The newest depth images of one camera, left in the middleware until one is asked for.

    A registered depth image often arrives some milliseconds after its image. It is asked for when
    the landmarks are known, and meanwhile it has come; so nothing waits. An image without faces
    costs nothing here.

    Attributes:
        problem: Why the last depth image cannot be used; empty if it can.
    """

    def __init__(self, topics: CameraTopics) -> None:
        """Subscribe to nothing yet."""
        self._topics, self._throttle = topics, LogThrottle()
        self._newest = NearestDepth(KEPT, _read)
        self._messages: WaitingMessages | None = None
        # Between the worker, which takes, and the executor's thread, which unsubscribes.
        self._guard = Lock()
        self.problem = ''

    def follow(self, metric_mode: str) -> None:
        """Subscribe if a mode looks at depth images, else not; in the executor's thread.

        Raises:
            TopicError: If the subscription is refused.
        """
        if metric_mode not in MODES:
            self.close()
        elif self._messages is None:
            topics = self._topics
            self._messages = WaitingMessages(topics, Image, topics.depth_topic, SENSOR_DATA)

    def close(self) -> None:
        """Unsubscribe and forget all images; nothing if not subscribed."""
        with self._guard:
            if self._messages is not None:
                self._messages.close()
            self._messages = None
            self.problem = ''
            self._newest.clear()

    def nearest(self, stamp_ns: int) -> DepthImage | None:
        """Return the depth image whose stamp is nearest, None if there is none that can be used.

        It may be of quite another moment: its stamp tells. What is wrong with it is logged once.
        """
        with self._guard:
            self._take_new()
            if self._newest.is_empty:
                return None
            self.problem = ''
            try:
                return self._newest.nearest(stamp_ns)
            except ImageError as error:
                self._refuse_image(error)
                return None

    def _take_new(self) -> None:
        for message in self._messages.take() if self._messages is not None else ():
            try:
                self._newest.add(message.cdr)
            except ImageError as error:
                self._refuse_image(error)

    def refuse(self, problem: str, error: Exception) -> None:
        """Report, and log once for each kind of error, why no depth image can be used."""
        self.problem = problem
        if self._throttle.is_due(kind_of(error), ONCE):
            self._topics.logger.warning(problem)

    def _refuse_image(self, error: ImageError) -> None:
        topic = resolved(self._topics.node, self._topics.depth_topic)
        self.refuse(f'depth images on {topic} are not used: {error}', error)


def _read(cdr: Octets) -> AnyImage:
    return read_image(Image, cdr)  # type: ignore[return-value]
