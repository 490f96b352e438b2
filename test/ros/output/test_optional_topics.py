"""Without vision_msgs and foxglove_msgs the node runs, and does not offer their topics."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.ros.output import shown_topics
from facemesh_ros.ros.output.lazy_topics import LazyTopic
from facemesh_ros.ros.qos import RELIABLE

OPTIONAL = {'detections': 'vision_msgs', 'annotations': 'foxglove_msgs'}


@pytest.fixture
def without_packages(tmp_path):
    """An environment in which their import fails, as where they are not installed."""
    for package in OPTIONAL.values():
        folder = tmp_path / package
        folder.mkdir()
        (folder / '__init__.py').write_text('raise ImportError("not installed")\n')
    paths = [str(tmp_path), os.environ.get('PYTHONPATH', '')]
    return {'PYTHONPATH': os.pathsep.join(filter(None, paths))}


def offered(client) -> set[str]:
    # Discovered with the answer: its publishers came before the first image.
    client.wait_until(lambda: client.count_publishers('facemesh/debug_image'), 'the topics')
    return {name for name in OPTIONAL if client.count_publishers(f'facemesh/{name}')}


def test_where_the_packages_are_missing_their_topics_are(
    client, start_node, face_msg, without_packages
):
    node = start_node('landmark_model:=attention', environment=without_packages)
    assert client.answer_to(face_msg()).faces
    assert offered(client) == set()
    assert not any(package in node.log for package in OPTIONAL.values())  # said at DEBUG
    assert node.stop() == 0


class Log:
    """Keeps what is said at DEBUG, and nothing else."""

    def __init__(self):
        self.told = []

    def debug(self, text):
        self.told.append(text)


def topic_of_another_python(topology):
    """Of a message type whose type support cannot be loaded."""
    # Up to Jazzy the class of a message class has them, later the message class itself.
    support = {
        '_TYPE_SUPPORT': None,
        '__import_type_support__': classmethod(lambda cls: None),
    }
    kind = type('Metaclass', (type,), support)('Detection2DArray', (), support)
    return LazyTopic('detections', kind, RELIABLE, lambda result: None)


def topic_of_an_old_release(topology):
    raise ImportError("cannot import name 'Point2D' from 'vision_msgs.msg'")


@pytest.mark.parametrize(
    ('lazy_topic', 'reason'),
    [
        (None, "No module named 'no_such_module'"),
        (topic_of_another_python, 'type_support'),
        (topic_of_an_old_release, 'Point2D'),
    ],
)
def test_what_cannot_be_used_is_told_once_and_the_rest_is_there(monkeypatch, lazy_topic, reason):
    name = 'no_such_module'
    if lazy_topic is not None:
        name = 'module_of_the_test'
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(lazy_topic=lazy_topic))
    monkeypatch.setattr(shown_topics, 'OPTIONAL', (('detections', 'vision_msgs', name),))
    log = Log()
    topics = shown_topics.shown_topics(load_topology(), log, privacy_mode=False)
    assert [topic.name for topic in topics][:2] == ['markers', 'points']
    assert 'detections' not in {topic.name for topic in topics}
    (text,) = log.told
    assert text.startswith('no topic ~/detections: vision_msgs cannot be used (')
    assert reason in text


@pytest.mark.parametrize('topic', OPTIONAL)
def test_where_a_package_is_installed_its_topic_is_offered(client, start_node, face_msg, topic):
    pytest.importorskip(OPTIONAL[topic])
    node = start_node('landmark_model:=attention')
    assert client.answer_to(face_msg()).faces
    assert topic in offered(client)
    assert node.stop() == 0
