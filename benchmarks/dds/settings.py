"""What is measured through ROS: how many cameras of which kind, on how many nodes."""

from __future__ import annotations

from dataclasses import dataclass

from measuring.stream_scenes import SIZES, StreamScene

RATE_HZ = 30.0
NODE = 'facemesh'


@dataclass(frozen=True)
class Setting:
    """Cameras and the nodes that take their images.

    Attributes:
        cameras: How many.
        size: Key of SIZES.
        transport: 'raw' or 'compressed'.
        markers: Whether somebody looks at the markers.
        shared: Whether one node takes all cameras, or each has a node of its own.
        max_faces: With 1, nobody is searched for while the face is followed; None for the default.
    """

    cameras: int
    size: str
    transport: str = 'raw'
    markers: bool = False
    shared: bool = False
    max_faces: int | None = None

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return 1 if self.shared else self.cameras

    @property
    def name(self) -> str:
        """For people."""
        cameras = f'{self.cameras} camera{"s"[: self.cameras > 1]}'
        nodes = f'{self.nodes} node{"s"[: self.nodes > 1]}'
        views = ', markers' * self.markers
        faces = f', max_faces {self.max_faces}' if self.max_faces else ''
        return f'{cameras} {self.size} {self.transport}, {nodes}{views}{faces}'

    @property
    def scene(self) -> StreamScene:
        """What the cameras see."""
        return StreamScene(self.size, SIZES[self.size], faces=1)

    @property
    def names(self) -> list[str]:
        """The cameras' names, which are the first parts of their topics."""
        return [f'camera{number}' for number in range(self.cameras)]

    def image_topic(self, camera: str) -> str:
        """Return where a camera publishes."""
        return f'/{camera}/image_raw' + '/compressed' * (self.transport == 'compressed')

    def output_topic(self, camera: str, name: str) -> str:
        """Return where what a node says of a camera comes out."""
        return f'/{NODE}/{camera}/{name}' if self.shared else f'/{camera}/{NODE}/{name}'

    @property
    def node_arguments(self) -> list[list[str]]:
        """What each node is started with."""
        common = ['--ros-args', '-p', f'image_transport:={self.transport}']
        common += ['-p', f'max_faces:={self.max_faces}'] if self.max_faces else []
        if self.shared:
            return [[*common, '-p', f'cameras:=[{", ".join(self.names)}]']]
        return [[*common, '-r', f'__ns:=/{camera}'] for camera in self.names]
