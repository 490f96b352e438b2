"""Files that commands of documents read, made where they are missing, by what their names say.

| name | what it is |
|---|---|
| `*.jpg`, `*.png` | a picture of a face |
| `*.mp4` and other videos | a face that moves |
| `*.mcap`, `*.db3` | a recording of the cameras `/camera/color` and `/front` |
| a folder `*bag*/` | such a recording as `ros2 bag record` leaves it |
| `frames*/`, `scans*/` | numbered frames; pictures with depth beside them |
| `holiday/`, `photos/`, `pictures/` | pictures |
| another folder | a video and a recording |
| `*camera*.yaml` | a calibration as ROS' camera_calibration writes it |
| another `*.yaml` | parameters of the node, as `ros2 param dump` leaves them |
| `*.jsonl` | calibrations, a line for each picture of `scans/` |
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import yaml
from recordings import Bag, bag_of
from rosbags.rosbag2 import StoragePlugin

PICTURES, VIDEOS = ('.jpg', '.jpeg', '.png'), ('.mp4', '.avi', '.mkv', '.mov')
STORAGES = {'.mcap': StoragePlugin.MCAP, '.db3': StoragePlugin.SQLITE3}
FRAMES, RATE_HZ, FX = 3, 10.0, 400.0


class DocumentFiles:
    """Makes files in a folder.

    Args:
        folder: Where commands run.
        picture: (H, W, 3) BGR with a face.
    """

    def __init__(self, folder: Path, picture: np.ndarray) -> None:
        self.folder = folder
        self._picture = picture

    def provide(self, name: str) -> Path:
        """Make a file or folder of this name, unless it is there."""
        path = self.folder / name
        if path.exists():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = path.suffix.lower()
        if suffix in PICTURES:
            cv2.imwrite(str(path), self._picture)
        elif suffix in VIDEOS:
            self._write_video(path)
        elif suffix in STORAGES:
            made = self._bag().write(path.with_suffix('.folder'), STORAGES[suffix])
            made.rename(path)
        elif suffix in ('.yaml', '.yml'):
            path.write_text(yaml.safe_dump(self._yaml(path.stem)))
        elif suffix == '.jsonl':
            path.write_text(''.join(self._camera_lines()))
        elif not suffix:
            self._make_folder(path)
        else:
            raise ValueError(f'no convention for {name}: add one to test/support/{__name__}.py')
        return path

    @property
    def _frames(self) -> list[np.ndarray]:
        return [np.roll(self._picture, 8 * number, axis=1) for number in range(FRAMES)]

    def _write_video(self, path: Path) -> None:
        codec = cv2.VideoWriter_fourcc(*('MJPG' if path.suffix == '.avi' else 'mp4v'))
        writer = cv2.VideoWriter(str(path), codec, RATE_HZ, self._picture.shape[1::-1])
        for frame in self._frames:
            writer.write(frame)
        writer.release()

    def _bag(self) -> Bag:
        depth_mm = np.full(self._picture.shape[:2], 700, np.uint16)
        bag = bag_of(self._frames[:2], '/camera/color/image_raw')
        front = bag_of(self._frames[:2], '/front/image_raw', depths_mm=[depth_mm] * 2)
        # As realsense2_camera names them.
        aligned = '/front/aligned_depth_to_color/image_raw'
        for sent in front.sent:
            is_depth = sent.topic.endswith('depth/image_raw')
            bag.add(aligned if is_depth else sent.topic, sent.msg, sent.log_ns)
        return bag

    def _make_folder(self, path: Path) -> None:
        if 'bag' in path.name:
            self._bag().write(path)
            return
        path.mkdir(parents=True)
        inner = DocumentFiles(path, self._picture)
        if path.name.startswith('frames'):
            for number, frame in enumerate(self._frames, 1):
                cv2.imwrite(str(path / f'{number}.png'), frame)
        elif path.name.startswith('scans'):
            depth_mm = np.full(self._picture.shape[:2], 700, np.uint16)
            for letter in 'ab':
                inner.provide(f'{letter}.png')
                cv2.imwrite(str(path / f'{letter}_depth.png'), depth_mm)
        else:
            is_of_pictures = re.search('holiday|photo|picture', path.name)
            for name in ('a.jpg', 'b.jpg') if is_of_pictures else ('a.mp4', 'b.mcap'):
                inner.provide(name)

    def _k(self) -> list[float]:
        height, width = self._picture.shape[:2]
        return [FX, 0.0, (width - 1) / 2, 0.0, FX, (height - 1) / 2, 0.0, 0.0, 1.0]

    def _yaml(self, stem: str) -> dict[str, object]:
        if 'camera' not in stem and 'calibration' not in stem:
            return {'/**': {'ros__parameters': {'max_faces': 4}}}
        height, width = self._picture.shape[:2]
        k = self._k()
        p = [*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0]
        matrices = {
            'camera_matrix': (3, 3, k),
            'distortion_coefficients': (1, 5, [0.0] * 5),
            'rectification_matrix': (3, 3, np.eye(3).ravel().tolist()),
            'projection_matrix': (3, 4, p),
        }
        return {
            'image_width': width,
            'image_height': height,
            'camera_name': 'camera',
            'distortion_model': 'plumb_bob',
            **{
                name: {'rows': rows, 'cols': columns, 'data': values}
                for name, (rows, columns, values) in matrices.items()
            },
        }

    def _camera_lines(self) -> list[str]:
        height, width = self._picture.shape[:2]
        size = {'width': width, 'height': height}
        lens = {'distortion_model': 'plumb_bob', 'd': [0.0] * 5, 'k': self._k()}
        return [json.dumps({'source': f'{letter}.png', **size, **lens}) + '\n' for letter in 'ab']
