"""What the pipeline finds, as the messages that a node would publish for it."""

from __future__ import annotations

import math
from typing import Any

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.cli.source_results import ImageFaces
from facemesh_ros.io import readable_name
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.io.recordings.recorded_images import RecordedImage
from facemesh_ros.messages.face_messages import FaceMessages
from facemesh_ros.viz.seen_image import SeenImage

NS_PER_S = 10**9


class _Counts:
    """Nothing is dropped while files are read."""

    dropped = lost = failed = 0


class SeenResults:
    """Makes what viewers and reports are given of what `SourceReader` finds."""

    def __init__(self, sensor: FaceSensor) -> None:
        """Take the models; raises MediaError if the packages that make messages are missing."""
        self._classes = message_store().classes
        self._messages = FaceMessages(self._classes)
        self._info = self._messages.info(sensor.model, sensor.topology, self._classes.Header())

    def seen(self, result: ImageFaces) -> SeenImage:
        """Return an image with its faces; latency is unknown, as nothing waited for it."""
        origin, frame = result.origin, result.frame
        received_ns = origin.message.log_ns if isinstance(origin, RecordedImage) else None
        msg = self._messages.array(
            result.faces, self._header_of(result), frame.image_wh, _Counts()
        )
        msg.latency = math.nan
        stream = origin.topic or readable_name(origin.source)
        return SeenImage(
            stream, origin.stamp_ns, received_ns, msg, self._info, frame, frame.camera
        )

    def _header_of(self, result: ImageFaces) -> Any:
        if isinstance(result.origin, RecordedImage):
            return result.origin.msg.header
        header = self._classes.Header()
        header.stamp.sec, header.stamp.nanosec = divmod(result.origin.stamp_ns, NS_PER_S)
        return header
