"""What the parts of the benchmark share: pictures seen once, and peers started once."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from common.report import Table
from geometry_measurements.goals import Goal
from geometry_measurements.intel import IntelGaze
from geometry_measurements.systems import (
    MediaPipePeer,
    SeenFace,
    load_pipeline,
    seen_in_pictures,
)
from geometry_measurements.truth_sets import (
    INTEL_MODELS,
    SCAN,
    ScanPicture,
    not_here,
    scan_pictures,
    truth_folder,
)
from systems.selection import UnavailableError, require_models
from workspace.layout import SetupError
from workspace.peers import peer_python

from facemesh_ros.pipeline.face_pipeline import FacePipeline

QUICK_EVERY = 4


@dataclass
class Session:
    """What the parts share.

    Attributes:
        quick: Whether to measure less.
        left_out: What could not be measured, and how to make it run.
        tables: Of all parts so far.
        goals: Of all parts so far.
        versions: Of the peers.
    """

    quick: bool
    bundle: Path | None
    stack: ExitStack
    left_out: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)

    @cached_property
    def pipeline(self) -> FacePipeline | None:
        """This package; None if a model is missing."""
        try:
            require_models('v2')
        except UnavailableError as error:
            self.left_out.append(f'everything that needs landmarks of pictures: {error}')
            return None
        return load_pipeline()

    @cached_property
    def scanned(self) -> list[tuple[ScanPicture, SeenFace | None]]:
        """The scan's pictures and the face in each; empty without the set."""
        folder, pipeline = self.truth('scan, depth', SCAN), self.pipeline
        if not folder or not pipeline:
            return []
        pictures = scan_pictures(folder)[:: QUICK_EVERY if self.quick else 1]
        seen = seen_in_pictures(pipeline, (picture.frame() for picture in pictures))
        return list(zip(pictures, seen, strict=True))

    def truth(self, parts: str, name: str) -> Path | None:
        """Return the folder of a set; if it is not here, say so once."""
        folder = truth_folder(name)
        if folder is None:
            self.left_out.append(not_here(parts, name))
        return folder

    @cached_property
    def intel(self) -> IntelGaze | None:
        """Intel's gaze network; None if it cannot run here."""
        models = self.truth("Intel's network", INTEL_MODELS)
        if models is None:
            return None
        try:
            return IntelGaze(peer_python('openvino'), models)
        except SetupError as error:
            self.left_out.append(f"Intel's network: {error}")
            return None

    def start_peer(self, with_matrix: bool) -> MediaPipePeer:
        """Start another MediaPipe."""
        return MediaPipePeer(self.bundle, with_matrix=with_matrix)

    @cached_property
    def peer(self) -> MediaPipePeer | None:
        """MediaPipe; None if it cannot run here."""
        try:
            peer = self.stack.enter_context(self.start_peer(True))
        except (UnavailableError, SetupError) as error:
            self.left_out.append(f'MediaPipe: {error}')
            return None
        self.versions['mediapipe 1.2.2'] = peer.versions
        return peer

    def add(self, found: tuple[list[Table], list[Goal]]) -> None:
        """Keep what a part has found."""
        by_title = {table.title: table for table in self.tables}
        for table in found[0]:
            known = by_title.get(table.title)
            rows = [*known.rows, *table.rows] if known else table.rows
            by_title[table.title] = replace(table, rows=rows)
        self.tables = list(by_title.values())
        self.goals += found[1]
