"""What viewers and reports are given: an image of a stream and the message of its faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from facemesh_ros.types import Camera, Frame


@dataclass(frozen=True, slots=True)
class SeenImage:
    """One image and what was found in it, from a live topic, a recording or a file alike.

    Attributes:
        stream: What tells it from others that are shown beside it: the topic of its images, what
            the topics of its faces have in common, or the file.
        stamp_ns: Of the message's header, ns.
        received_ns: When the message was received or recorded, ns since the epoch; None where
            nobody noted that.
        msg: The FaceMeshArray, of ROS' class or of one without ROS: `facemesh_ros.consumer` reads
            both.
        info: The FaceMeshInfo that belongs to it; None while it has not arrived.
        frame: The pixels; None where they are not at hand.
        camera: Of the image's pixels; None if it is not calibrated.
    """

    stream: str
    stamp_ns: int
    received_ns: int | None
    msg: Any
    info: Any | None
    frame: Frame | None
    camera: Camera | None
