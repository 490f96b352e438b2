"""The lines of the tables of the network, from what sessions have found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from dds.hosts import PROFILES, Host, Hosts
from dds.rows import ros_row
from dds.session import Found
from dds.settings import RATE_HZ, Setting
from sample_pictures import Picture
from measuring.statistics import Spread
from measuring.stream_scenes import SIZES

QUALITIES = (95, 80)
FLEETS = (10, 100, 1000)


@dataclass(frozen=True)
class Way:
    """How Fast DDS is told to carry images.

    Attributes:
        name: For people.
        variables: Of the environment, by name; those of PROFILES that are not given are unset.
        nodes_too: Whether the nodes get them as well as the cameras.
    """

    name: str
    variables: dict[str, str]
    nodes_too: bool

    def hosts(self, hosts: Hosts) -> Hosts:
        """Return hosts whose processes are told so."""
        nodes = self.variables if self.nodes_too else {}
        return Hosts(_told(hosts.nodes, nodes), _told(hosts.others, self.variables))


def _told(host: Host, variables: dict[str, str]) -> Host:
    kept = {name: value for name, value in host.variables.items() if name not in PROFILES}
    return replace(host, variables={**kept, **variables})


def ways() -> list[Way]:
    """Return the ways that are compared; `make_room_for_images` must have been called."""
    profiles = {name: os.environ[name] for name in PROFILES if name in os.environ}
    return [
        Way("cameras with this package's profile", profiles, nodes_too=False),
        Way("both with this package's profile", profiles, nodes_too=True),
        Way('both with LARGE_DATA', {'FASTDDS_BUILTIN_TRANSPORTS': 'LARGE_DATA'}, nodes_too=True),
    ]


@dataclass(frozen=True)
class NetworkRow:
    """A setting with a network between cameras and node.

    Attributes:
        setting: Which.
        way: How images were carried.
        received: From an image's stamp until its landmarks are back, ms.
        answered: Images whose landmarks came back.
        sent: Images.
        dropped: Replaced by newer ones in the node.
        lost: On the way.
        there_bytes: Put on the wire by the camera's side for each image that was sent.
        back_bytes: Put on the wire by the node's side for each answer.
    """

    setting: Setting
    way: str
    received: Spread
    answered: int
    sent: int
    dropped: int
    lost: int
    there_bytes: float
    back_bytes: float


def network_row(setting: Setting, way: Way, found: Found) -> NetworkRow:
    """Return the row of a session that has watched what was sent."""
    row = ros_row(setting, found)
    there, back = (last - first for first, last in zip(*found.watched, strict=True))
    answered = row.received.n
    return NetworkRow(
        setting, way.name, row.received, answered, row.sent, row.dropped, row.lost,
        there / row.sent, back / answered,
    )  # fmt: skip


@dataclass(frozen=True)
class JpegRow:
    """What pictures weigh as JPEG.

    Attributes:
        size: Key of SIZES.
        quality: Of the JPEG encoder, at most 100.
        pictures: How many.
        mean_bytes: Of all.
        largest_bytes: Of the heaviest.
    """

    size: str
    quality: int
    pictures: int
    mean_bytes: float
    largest_bytes: int


def jpeg_rows(shown: Sequence[Picture]) -> Iterator[JpegRow]:
    """Yield the weight of pictures, filled out to the size of a camera's."""
    for size in ('VGA', '720p', '1080p'):
        for quality in QUALITIES:
            weights = [
                len(cv2.imencode('.jpg', filled, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
                for filled in (_filled(picture.rgb, SIZES[size]) for picture in shown)
            ]
            yield JpegRow(size, quality, len(weights), float(np.mean(weights)), max(weights))


def _filled(rgb: np.ndarray, image_wh: tuple[int, int]) -> np.ndarray:
    """Scale a picture until it covers an image, and cut off what is too much; BGR."""
    scale = max(wanted / there for wanted, there in zip(image_wh, rgb.shape[1::-1], strict=True))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=method)
    return scaled[: image_wh[1], : image_wh[0], ::-1]


@dataclass(frozen=True)
class FleetRow:
    """What a network carries, from measured sizes, Mbit/s.

    Attributes:
        name: What travels.
        by_cameras: For each of FLEETS.
    """

    name: str
    by_cameras: tuple[float, ...]


def fleet_rows(rows: Sequence[NetworkRow]) -> Iterator[FleetRow]:
    """Yield what so many cameras put on the wire."""
    measured = {}
    for row in rows:
        setting = row.setting
        if not row.lost:
            images = f'images, {setting.size} {setting.transport}'
            measured.setdefault(images, row.there_bytes)
        back = 'landmarks and markers' if setting.markers else 'landmarks'
        measured.setdefault(f'{back} of one face', row.back_bytes)
    for name, image_bytes in measured.items():
        one = 8 * image_bytes * RATE_HZ / 1e6
        yield FleetRow(name, tuple(one * cameras for cameras in FLEETS))
