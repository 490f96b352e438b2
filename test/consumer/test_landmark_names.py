"""Points and regions by name, of any model."""

import numpy as np
import pytest
from consumer_messages import face_info

from facemesh_ros.consumer import NamedLandmarks
from facemesh_ros.geometry.named_points import points_among
from facemesh_ros.msg import FaceMeshInfo


@pytest.mark.parametrize('count', [468, 478])
def test_points_and_regions_are_those_of_the_model(count):
    info = face_info(count)
    names = NamedLandmarks(info)
    for name, index in points_among(count).items():
        assert names.point(name) == index
    assert names.points('chin', 'nose_tip').tolist() == [152, 4]
    regions = [names.region(name) for name in info.region_names]
    assert sorted(np.concatenate(regions)) == list(range(count))
    lips = names.region('lips_inner', 'lips_outer')
    assert len(lips) == 80  # as many as MediaPipe's attention model refines
    # Regions are indices into everything that has a row per landmark.
    assert np.asarray(info.canonical_face).reshape(-1, 3)[lips].shape == (80, 3)
    assert len(names.region('left_iris')) == (5 if count == 478 else 0)


def test_another_models_points_and_regions_are_read_too():
    info = FaceMeshInfo(
        point_names=['chin', 'ear'],
        point_landmarks=[7, 2],
        region_names=['skin', 'hair'],
        region_of_landmark=[0, 1, 1, 0],
    )
    names = NamedLandmarks(info)
    assert names.point('ear') == 2
    assert names.region('hair').tolist() == [1, 2]
    assert names.region().tolist() == []


@pytest.mark.parametrize(
    ('count', 'ask', 'near'),
    [
        (478, lambda names: names.point('lefteye_outer'), 'left_eye_outer'),
        (468, lambda names: names.point('left_iris'), 'left_'),
        (478, lambda names: names.region('lips'), 'lips_inner'),
        (478, lambda names: names.points('chin', 'nosetip'), 'nose_tip'),
    ],
)
def test_an_unknown_name_is_told_with_what_is_near(count, ask, near):
    with pytest.raises(KeyError, match=near):
        ask(NamedLandmarks(face_info(count)))
