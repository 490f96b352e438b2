"""The list of all faces: over all cameras, and without those of a camera that fell silent."""

from facemesh_ros.ros.hri_bridge.tracked_faces import TrackedFaces


def test_each_camera_lists_its_own_faces():
    tracked = TrackedFaces(2.0)
    tracked.update('front', ['f00001', 'f00002'], 0.0)
    tracked.update('rear', ['f00003'], 0.1)
    tracked.update('front', ['f00002'], 0.2)
    assert tracked.ids == {'f00002', 'f00003'}


def test_faces_of_a_silent_camera_are_gone_and_those_of_others_stay():
    tracked = TrackedFaces(2.0)
    tracked.update('front', ['f00001'], 0.0)
    tracked.update('rear', ['f00002'], 1.0)
    tracked.drop_stale(1.9)
    assert tracked.ids == {'f00001', 'f00002'}
    tracked.drop_stale(2.1)
    assert tracked.ids == {'f00002'}
    tracked.update('front', ['f00001'], 2.2)
    assert tracked.ids == {'f00001', 'f00002'}
