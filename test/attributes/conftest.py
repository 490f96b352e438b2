"""Sets of known truth, and the pipeline that looks at their pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings


@pytest.fixture(scope='session')
def truth_path(data_folder: Path, require: Any) -> Callable[[str], Path]:
    """Return the path of a set of known truth, or of a file in one."""

    def path_of(name: str) -> Path:
        path = Path(data_folder).parent / 'truth' / name
        require(path, f'{path} (test data beside FACEMESH_DATA)')
        return path

    return path_of


@pytest.fixture(scope='module')
def pipeline(request: pytest.FixtureRequest, require_models: Any) -> Iterator[FacePipeline]:
    """A pipeline for one face, by the detector that the module names DETECTOR."""
    require_models('v2')
    settings = SensorSettings(
        execution_provider='cpu',
        landmark_model='v2',
        detector=getattr(request.module, 'DETECTOR', 'auto'),
        max_faces=1,
    )
    sensor = load_sensor(settings)
    yield sensor.stream()
    sensor.close()
