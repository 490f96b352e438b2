"""What the parts of the recall benchmark share: pictures, running systems, and their tables."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from common.report import Table
from common.timings import Block
from sample_pictures import Picture
from systems.process import System, SystemProcess

Start = Callable[[Path | None], tuple[list[System], list[str]]]


@dataclass
class Session:
    """One run of the benchmark.

    Attributes:
        pictures: The annotated ones.
        folder: Of the data, None if there are only the pictures of scikit-image.
        quick: Whether rough figures will do.
        bundle: MediaPipe's, None to search for it.
        scratch: Folder for pictures that processes exchange.
        stack: Closes the processes at the end.
        left_out: What could not be measured.
        tables: What was measured.
        versions: Of each system's packages.
    """

    pictures: list[Picture]
    folder: Path | None
    quick: bool
    bundle: Path | None
    scratch: Path
    stack: ExitStack
    left_out: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)

    def start(self, systems: Start) -> dict[System, SystemProcess]:
        """Start the systems that can run here and warm them up."""
        found, left_out = systems(self.bundle)
        self.left_out += [line for line in left_out if line not in self.left_out]
        processes = {one: self.stack.enter_context(SystemProcess(one)) for one in found}
        for one, process in processes.items():
            self.versions[one.name] = process.versions
            self.show(process, self.pictures[0])
        return processes

    def show(
        self, process: SystemProcess, picture: Picture, images: int = 0, *, landmarks: bool = False
    ) -> Block:
        """Show a picture to a system, `images` times as a stream or, with 0, once by itself."""
        file = self.scratch / 'picture.npy'
        np.save(file, picture.rgb[None])
        return process.block(file, max(1, images), stream=images > 0, landmarks=landmarks)
