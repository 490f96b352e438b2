"""Metres by depth image on pictures: a scan rendered with its exact depth, people by Kinect."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from posed_faces import as_by_kinect

from facemesh_ros.attributes.facial_skin import facial_skin
from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import DepthImage, Float32, Frame, MetricFaces, MetricSource, PixelOrder

LIPS = [13, 14]
MIN_FACING = 0.35
FAR_M = 1.3  # beyond, a Kinect's steps are as deep as a nose
KINECT_FOCAL_PX = 365.0  # Kinect v2, nominal
KINECT_ENLARGED = 3  # for the detector


@dataclass(frozen=True)
class Seen:
    """A face that was found in a picture.

    Attributes:
        name: Of the picture.
        frame: With its camera and depth image.
        depth_m: (H, W).
        landmarks: (478, 3) px.
        mouth_m: (3,) where its mouth is; NaN if unknown.
        view_angle_deg: True one; NaN if unknown.
    """

    name: str
    frame: Frame
    depth_m: Float32
    landmarks: Float32
    mouth_m: np.ndarray = field(default_factory=lambda: np.full(3, np.nan))
    view_angle_deg: float = np.nan

    def placed(self, depth_m: Float32 | None = None) -> MetricFaces:
        """Return the face in space, with another depth image if one is given."""
        depth = DepthImage(self.depth_m if depth_m is None else depth_m, 0)
        frame = replace(self.frame, depth=depth)
        return HeadEstimator().update(np.array([1]), self.landmarks[None], frame, 'depth')


@pytest.fixture(scope='module')
def scan(truth_path, pipeline) -> list[Seen]:
    """Every third picture, of all kinds: turned, off centre, at other distances."""
    folder = truth_path('lps_scan')
    found = []
    for each in json.loads((folder / 'truth.json').read_text())[::3]:
        assert each['distortion_model'] == 'none'
        fx, _, cx, _, fy, cy, *_ = each['K']
        frame = Frame(
            cv2.imread(str(folder / each['file'])),
            PixelOrder.BGR,
            0,
            CalibratedCamera(Intrinsics(fx, fy, cx, cy)),
        )
        faces = pipeline.process_static_image(frame)
        if len(faces):
            seen = Seen(
                each['file'], frame, read_depth(folder / each['depth']), faces.landmarks[0]
            )
            mouth_m, angle_deg = np.array(each['mouth_centre']), each['view_angle_deg']
            found.append(replace(seen, mouth_m=mouth_m, view_angle_deg=angle_deg))
    return found


@pytest.fixture(scope='module')
def people(truth_path, pipeline) -> list[Seen]:
    """Every ninth pair of each person."""
    folder = truth_path('kinect2_ir_depth')
    found = []
    for file in sorted(folder.glob('*/*_infrared.png')):
        number = int(file.name.split('_')[0])
        if number % 9 == 0:
            found += seen_by_kinect(file, file.with_name(f'{number}_depth.png'), pipeline)
    return found


def seen_by_kinect(file: Path, depth_file: Path, pipeline: FacePipeline) -> list[Seen]:
    infrared = np.sqrt(cv2.imread(str(file), cv2.IMREAD_UNCHANGED).astype(float))
    bright = np.clip(infrared / np.percentile(infrared, 99.5) * 255, 0, 255).astype(np.uint8)
    size = KINECT_ENLARGED
    large = cv2.resize(bright, None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC)
    faces = pipeline.process_static_image(Frame(large, PixelOrder.MONO))
    height, width = infrared.shape
    focal = KINECT_FOCAL_PX
    camera = CalibratedCamera(Intrinsics(focal, focal, (width - 1) / 2, (height - 1) / 2))
    landmarks = faces.landmarks / size
    landmarks[..., :2] += 0.5 / size - 0.5
    frame = Frame(bright, PixelOrder.MONO, 0, camera)
    return [Seen(file.parent.name, frame, read_depth(depth_file), face) for face in landmarks]


def read_depth(file: Path) -> Float32:
    millimetres = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    return millimetres.astype(np.float32) / 1000


def share_on_skin(face: Seen, placed: MetricFaces) -> float:
    """Return the share of rigid skin in view that is within 8 mm of the depth around it."""
    tables, rotation = facial_skin(), placed.rotations[0]
    sight = placed.positions_m[0] / np.linalg.norm(placed.positions_m[0])
    facing = tables.normals @ rotation.T @ -sight > MIN_FACING
    off_m = []
    for index in tables.skin[facing & tables.is_rigid[tables.skin]]:
        x, y = np.rint(face.landmarks[index, :2]).astype(int)
        around = face.depth_m[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
        if np.count_nonzero(around) > around.size / 2:
            off_m.append(placed.landmarks_m[0, index, 2] - np.median(around[around > 0]))
    return float(np.mean(np.abs(off_m) < 0.008))


def test_the_mouth_of_a_scan_is_where_it_is(scan):
    """Up to a view angle of 40°: beyond, the landmark model places the mouth's far corner."""
    shares = []
    for number, face in enumerate(scan):
        draw = np.random.default_rng(number)
        placed = face.placed(as_by_kinect(face.depth_m, draw, face.landmarks[:, :2]))
        if face.mouth_m[2] > FAR_M:
            continue
        assert placed.sources[0] == MetricSource.DEPTH, face.name
        shares.append(share_on_skin(face, placed))
        off_m = np.linalg.norm(placed.landmarks_m[0, LIPS].mean(axis=0) - face.mouth_m)
        assert off_m < 0.005 or face.view_angle_deg > 40, face.name
    assert np.mean(shares) > 0.95


def test_people_before_a_kinect_are_where_it_has_them(people):
    placed = [face.placed() for face in people]
    used = [i for i, faces in enumerate(placed) if faces.sources[0] == MetricSource.DEPTH]
    assert len(used) > 0.85 * len(people)
    assert np.mean([share_on_skin(people[i], placed[i]) for i in used]) > 0.95


@pytest.mark.parametrize('share', [0.3, 0.6])
@pytest.mark.parametrize('towards', [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_depth_beside_the_face_is_refused(scan, people, share, towards):
    for face in scan + people:
        by = np.rint(share * np.ptp(face.landmarks[:, 0]) * np.array(towards)).astype(int)
        shift = np.array([[1.0, 0, by[0]], [0, 1, by[1]]])
        height, width = face.depth_m.shape
        moved_m = cv2.warpAffine(face.depth_m, shift, (width, height), flags=cv2.INTER_NEAREST)
        assert face.placed(moved_m).sources[0] == MetricSource.NONE, face.name


def test_depth_of_another_picture_is_refused(scan):
    """Unless the head was turned by less than 30°: then its stamp alone can tell."""
    turned = [face for face in scan if face.name.endswith('_g.jpg')]
    axes = [face.placed().rotations[0] for face in turned]
    for i, face in enumerate(turned):
        for j, other in enumerate(turned):
            angle = np.arccos(np.clip((np.trace(axes[i].T @ axes[j]) - 1) / 2, -1, 1))
            if np.degrees(angle) > 30:
                assert face.placed(other.depth_m).sources[0] == MetricSource.NONE, other.name
