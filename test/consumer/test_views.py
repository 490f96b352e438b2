"""What a consumer reads of a message: arrays that are the message's own memory."""

import array
import math

import numpy as np
import pytest
from consumer_messages import (
    BLENDSHAPES,
    face_info,
    face_without_metres,
    placed_face,
    received,
)

from facemesh_ros.consumer import (
    blendshapes,
    box,
    covariance,
    is_metric,
    landmarks,
    landmarks_metric,
    seen_faces,
)
from facemesh_ros.msg import FaceMesh, FaceMeshArray

FIELDS = {
    landmarks: ('landmarks', (478, 3)),
    landmarks_metric: ('landmarks_metric', (478, 3)),
    box: ('box', (4,)),
}


@pytest.mark.parametrize('read', FIELDS)
def test_a_view_is_the_messages_memory_and_read_only(read):
    face = placed_face(box=[10.0, 20.0, 30.0, 40.0])
    field, shape = FIELDS[read]
    found = read(face)
    assert found.shape == shape
    assert found.dtype == np.float32
    assert np.shares_memory(found, np.asarray(getattr(face, field)))
    assert found.ravel().tolist() == list(getattr(face, field))
    with pytest.raises(ValueError, match='read-only'):
        found[0] = 1


def test_the_covariance_too():
    spread = np.arange(36, dtype=float).reshape(6, 6)
    face = placed_face(covariance=spread)
    assert np.shares_memory(covariance(face), face.pose.covariance)
    assert covariance(face).tolist() == spread.tolist()


@pytest.mark.parametrize(
    'sequence', [array.array('f', range(9)), np.arange(9, dtype=np.float32), list(range(9))]
)
def test_each_distributions_kind_of_sequence_is_read(sequence):
    """Humble to Kilted give array.array and numpy arrays; other middleware may give lists."""

    class Face:
        landmarks = sequence

    assert landmarks(Face).tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_a_face_without_metres_says_so():
    face = face_without_metres()
    assert not is_metric(face)
    assert landmarks_metric(face).shape == (0, 3)
    assert landmarks(face).shape == (478, 3)
    assert np.isnan(covariance(face)).all()
    assert is_metric(placed_face())


def test_a_message_nobody_filled_is_read_without_an_error():
    face = received(FaceMesh())
    assert landmarks(face).shape == landmarks_metric(face).shape == (0, 3)
    assert blendshapes(face, face_info()) == {}


def test_blendshapes_by_name():
    scores = np.linspace(0, 1, 52).astype(np.float32)
    face = placed_face(blendshapes=scores.tolist())
    found = blendshapes(face, face_info())
    assert list(found) == list(BLENDSHAPES)
    assert list(found.values()) == pytest.approx(scores)
    assert all(math.isfinite(score) for score in found.values())


def test_blendshapes_of_another_model_are_refused():
    with pytest.raises(ValueError, match='newest ~/info'):
        blendshapes(placed_face(blendshapes=[0.5]), face_info())


def test_only_confirmed_faces_that_were_seen_count():
    states = FaceMesh.STATE_TENTATIVE, FaceMesh.STATE_TRACKED, FaceMesh.STATE_COASTING
    faces = [placed_face(id=f'f0000{state}', state=state) for state in states]
    msg = received(FaceMeshArray(faces=faces))
    assert [face.id for face in seen_faces(msg)] == ['f00001']
    assert seen_faces(received(FaceMeshArray())) == []
