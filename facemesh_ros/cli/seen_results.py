"""What the pipeline finds, as the messages that a node would publish for it."""

from __future__ import annotations

from typing import Any

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.io import ImageOrigin
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.io.recordings.recorded_images import RecordedImage
from facemesh_ros.messages.face_messages import FACES_TYPE, NoneMissed, faces_cdr
from facemesh_ros.messages.info_message import info_msg
from facemesh_ros.types import Faces, Frame
from facemesh_ros.viz.seen_image import SeenImage

NS_PER_S = 10**9


class SeenResults:
    """Makes what viewers and reports are given of what `SourceReader` finds."""

    def __init__(self, sensor: FaceSensor) -> None:
        """Take the models; raises MediaError if the packages that make messages are missing."""
        self._store = message_store()
        classes = self._store.classes
        self._info = info_msg(classes, sensor.model, sensor.topology, classes.Header())

    def seen(self, stream: str, origin: ImageOrigin, frame: Frame, faces: Faces) -> SeenImage:
        """Return an image of a stream with its faces; its latency is unknown."""
        received_ns = origin.message.log_ns if isinstance(origin, RecordedImage) else None
        header = self._header_of(origin)
        cdr = faces_cdr(faces, header, frame.image_wh, NoneMissed())
        msg = self._store.deserialised(cdr, FACES_TYPE)
        return SeenImage(
            stream, origin.stamp_ns, received_ns, msg, self._info, frame, frame.camera
        )

    def _header_of(self, origin: ImageOrigin) -> Any:
        if isinstance(origin, RecordedImage):
            return origin.msg.header
        header = self._store.classes.Header()
        header.stamp.sec, header.stamp.nanosec = divmod(origin.stamp_ns, NS_PER_S)
        return header
