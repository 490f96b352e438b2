"""Sets with a known geometry, found beside the folder of pictures; each may be absent."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from common.command import DATA_VARIABLE, data_folder
from geometry_measurements.lens_calibration import LensCalibration
from geometry_measurements.pose_errors import EstimatedPose

from facemesh_ros.types import DepthImage, Float32, Float64, Frame, PixelOrder, UInt8

SCAN, FOUR_CAMERAS, KINECT = 'lps_scan', 'caliscope_charuco', 'kinect2_ir_depth'
HEADS, INTEL_MODELS = 'ict_facekit', 'gaze_model'
# The scan's head axes are x to the image's right of a frontal face, y down, z away from the
# camera; the columns are the axes of the face in them: out of the face, to its left, up.
SCAN_FROM_FACE = np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]])
# Nominal focal length of the Kinect v2's infrared camera; the crops were enlarged for detectors.
KINECT_FOCAL_PX, KINECT_ENLARGED = 365.0, 3
FOUR_CAMERAS_HZ = 6.0


def truth_folder(name: str) -> Path | None:
    """Return the folder of a set, None if it is not on this machine."""
    pictures = data_folder()
    folder = pictures.parent / 'truth' / name if pictures else None
    return folder if folder and folder.is_dir() else None


def not_here(part: str, name: str) -> str:
    """Return the line that says which set a part lacks."""
    return f'{part}: the set {name} is not in the folder `truth` beside ${DATA_VARIABLE}'


@dataclass(frozen=True)
class ScanPicture:
    """A rendered picture of a 3-D scan of a head.

    Attributes:
        path: Its file.
        kind: g: turned and tilted; o: off the centre of a wide lens; d: at other distances.
        lens: Its camera.
        true: The head's pose.
        mouth_m: (3,) centre of the mouth in the optical frame.
        view_angle_deg: As the set states it.
    """

    path: Path
    kind: str
    lens: LensCalibration
    true: EstimatedPose
    mouth_m: Float64
    view_angle_deg: float

    @property
    def rgb(self) -> UInt8:
        """(H, W, 3)."""
        return read_rgb(self.path)

    @property
    def depth_m(self) -> Float32:
        """(H, W) true depth along the optical axis, m; 0 where there is nothing."""
        return read_depth(self.path.with_name(f'{self.path.stem}_depth.png'))

    def frame(self, depth_m: Float32 | None = None) -> Frame:
        """Return it as a frame, with a depth image of the same time if there is one."""
        depth = None if depth_m is None else DepthImage(depth_m, 0)
        return Frame(self.rgb, PixelOrder.RGB, 0, self.lens.camera, depth)


def scan_pictures(folder: Path) -> list[ScanPicture]:
    """Read the list of a scan's pictures."""
    pictures = []
    for each in json.loads((folder / 'truth.json').read_text()):
        model = each['distortion_model'].replace('none', '')
        k, d = np.reshape(each['K'], (3, 3)), np.array(each['D'], float)
        rotation = np.reshape(each['R'], (3, 3)) @ SCAN_FROM_FACE
        pictures.append(
            ScanPicture(
                folder / each['file'],
                each['kind'],
                LensCalibration(k, model, d, (each['size'][0], each['size'][1])),
                EstimatedPose(rotation, np.array(each['sellion'], float)),
                np.array(each['mouth_centre'], float),
                float(each['view_angle_deg']),
            )
        )
    return pictures


@dataclass(frozen=True)
class WorldCamera:
    """One of several cameras with a common world: x_camera = R x_world + t.

    Attributes:
        video: Its recording; frames of the same number belong together.
        lens: Its calibration.
        rotation: (3, 3).
        translation_m: (3,).
    """

    video: Path
    lens: LensCalibration
    rotation: Float64
    translation_m: Float64

    def in_world(self, pose: EstimatedPose) -> EstimatedPose:
        """Return a pose of the camera's optical frame in the world."""
        turn = np.kron(np.eye(2), self.rotation.T)
        return EstimatedPose(
            self.rotation.T @ pose.rotation,
            self.rotation.T @ (pose.position_m - self.translation_m),
            None if pose.covariance is None else turn @ pose.covariance @ turn.T,
        )

    def frames(self) -> Iterator[Frame]:
        """Decode the recording."""
        capture = cv2.VideoCapture(str(self.video))
        for number in range(int(capture.get(cv2.CAP_PROP_FRAME_COUNT))):
            decoded, bgr = capture.read()
            if not decoded:
                break
            stamp_ns = round(1e9 * (number + 1) / FOUR_CAMERAS_HZ)
            yield Frame(np.asarray(bgr, np.uint8), PixelOrder.BGR, stamp_ns, self.lens.camera)
        capture.release()


def world_cameras(folder: Path) -> list[WorldCamera]:
    """Read the calibration of cameras that look at one man."""
    # tables of one level with numbers and lists only; tomllib is not in Python 3.10
    text = (folder / 'camera_array.toml').read_text()
    cameras = []
    for number, table in re.findall(r'^\[cameras\.(\d+)\]\n(.*?)(?=^\[|\Z)', text, re.M | re.S):
        known = {name: ast.literal_eval(value) for name, value in _assignments(table)}
        rotation = np.array(known['rotation'], float)
        lens = LensCalibration(
            np.array(known['matrix'], float),
            'plumb_bob',
            np.array(known['distortions'], float),
            (known['size'][0], known['size'][1]),
        )
        at = np.array(known['translation'], float)
        cameras.append(WorldCamera(folder / f'cam_{number}.mp4', lens, rotation, at))
    return cameras


def _assignments(table: str) -> list[tuple[str, str]]:
    wanted = 'matrix|distortions|translation|rotation|size'
    return re.findall(rf'^({wanted}) *= *(\[.*?\]) *$', table, re.M)


@dataclass(frozen=True)
class KinectPair:
    """An infrared image of a face and the depth image of the same sensor.

    Attributes:
        name: Person and number.
        rgb: (H, W, 3), enlarged.
        depth_m: (H, W) of the same pixels.
        lens: Nominal, as if the crop were in the middle of the image.
    """

    name: str
    rgb: UInt8
    depth_m: Float32
    lens: LensCalibration

    def frame(self) -> Frame:
        """Return it as a frame."""
        depth = DepthImage(self.depth_m, 0)
        return Frame(self.rgb, PixelOrder.RGB, 0, self.lens.camera, depth)


def kinect_pairs(folder: Path, every: int = 1) -> Iterator[KinectPair]:
    """Read pairs of infrared and depth images, every so many of each person's."""
    for person in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = sorted(person.glob('*_long_exposure_infrared.png'), key=_number)
        for path in paths[::every]:
            infrared = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(float)
            grey = np.sqrt(infrared)
            size = (grey.shape[1] * KINECT_ENLARGED, grey.shape[0] * KINECT_ENLARGED)
            scaled = cv2.resize(255 * grey / grey.max(), size, interpolation=cv2.INTER_CUBIC)
            rgb = np.repeat(np.clip(scaled, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
            depth = read_depth(path.with_name(f'{_number(path)}_depth.png'))
            # Nearest: a mean of two depths is on neither surface.
            depth = np.asarray(cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST))
            focal = KINECT_FOCAL_PX * KINECT_ENLARGED
            centre = (size[0] - 1) / 2, (size[1] - 1) / 2
            k = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1]])
            lens = LensCalibration(k, '', np.empty(0), size)
            yield KinectPair(f'{person.name}/{_number(path)}', rgb, depth, lens)


def _number(path: Path) -> int:
    return int(path.name.partition('_')[0])


def read_rgb(path: Path) -> UInt8:
    """Read a picture, (H, W, 3)."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def read_depth(path: Path) -> Float32:
    """Read a depth image of whole mm, (H, W) m."""
    depth: Float32 = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.float32) / 1000
    return depth
