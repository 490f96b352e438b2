"""The messages are the interface: other software relies on each name, type and number."""

import pytest

pytest.importorskip('rclpy', reason='needs ROS')
from facemesh_ros import msg

FIELDS = {
    'FaceMesh': {
        'id': 'string',
        'state': 'uint8',
        'age': 'uint32',
        'detection_score': 'float',
        'last_detection_score': 'float',
        'last_detection_age': 'uint32',
        'presence': 'float',
        'box': 'float[4]',
        'roi': 'float[5]',
        'landmark_count': 'uint16',
        'landmarks': 'sequence<float>',
        'metric_source': 'uint8',
        'landmarks_metric': 'sequence<float>',
        'pose': 'geometry_msgs/PoseWithCovariance',
        'gaze_left': 'float[3]',
        'gaze_right': 'float[3]',
        'gaze_sigma': 'float',
        'reprojection_error': 'float',
        'jitter': 'float',
        'blendshapes': 'sequence<float>',
    },
    'FaceMeshArray': {
        'header': 'std_msgs/Header',
        'image_width': 'uint32',
        'image_height': 'uint32',
        'filtered': 'boolean',
        'latency': 'float',
        'dropped_images': 'uint32',
        'lost_images': 'uint32',
        'failed_images': 'uint32',
        'faces': 'sequence<facemesh_ros/FaceMesh>',
    },
    'FaceMeshInfo': {
        'header': 'std_msgs/Header',
        'model': 'string',
        'model_sha256': 'string',
        'detector': 'string',
        'execution_provider': 'string',
        'provider_report': 'string',
        'precision': 'string',
        'edges': 'sequence<uint16>',
        'contours': 'sequence<uint16>',
        'triangles': 'sequence<uint16>',
        'region_names': 'sequence<string>',
        'region_of_landmark': 'sequence<uint8>',
        'point_names': 'sequence<string>',
        'point_landmarks': 'sequence<uint16>',
        'canonical_face': 'sequence<float>',
        'blendshape_names': 'sequence<string>',
    },
}
CONSTANTS = {
    'STATE_TENTATIVE': 0,
    'STATE_TRACKED': 1,
    'STATE_COASTING': 2,
    'METRIC_NONE': 0,
    'METRIC_CANONICAL': 1,
    'METRIC_IRIS': 2,
    'METRIC_DEPTH': 3,
}


@pytest.mark.parametrize('name', FIELDS)
def test_fields_in_order_and_types(name):
    found = getattr(msg, name).get_fields_and_field_types()
    assert list(found.items()) == list(FIELDS[name].items())


def test_no_message_is_left_out():
    assert {name for name in dir(msg) if name[0].isupper()} == set(FIELDS)


@pytest.mark.parametrize('name', CONSTANTS)
def test_constants(name):
    assert getattr(msg.FaceMesh, name) == CONSTANTS[name]
