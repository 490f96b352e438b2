"""Model files that are changed: a node never runs what the manifest does not name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

CONFIGURE, CLEANUP = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_CLEANUP
ACTIVATE, DEACTIVATE = Transition.TRANSITION_ACTIVATE, Transition.TRANSITION_DEACTIVATE
PATIENCE_S = 60.0


@pytest.fixture
def folder(model_store, tmp_path):
    return Path(shutil.copytree(model_store.folder, tmp_path / 'models'))


def flip_a_bit(folder: Path) -> None:
    path = folder / 'mesh.cpu.onnx'
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swap(folder: Path) -> None:
    shutil.copy(folder / 'short_range.cpu.onnx', folder / 'mesh.cpu.onnx')


def truncate(folder: Path) -> None:
    path = folder / 'mesh.cpu.onnx'
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize('change', [flip_a_bit, swap])
def test_a_changed_file_ends_the_start_with_the_way_out(start, folder, change):
    change(folder)
    node = start(environment={'FACEMESH_MODEL_DIR': str(folder)})
    assert node.process.wait(PATIENCE_S) == 1
    assert 'mesh.cpu.onnx is not what the manifest says; run `facemesh models fetch`' in node.log
    assert 'Traceback' not in node.log


def test_a_running_node_has_its_models_and_takes_no_changed_ones(client, start, folder, face_msg):
    def transitions(*ids: int) -> list[bool]:
        return [
            client.call(
                ChangeState,
                'facemesh/change_state',
                ChangeState.Request(transition=Transition(id=one)),
            ).success
            for one in ids
        ]

    node = start(environment={'FACEMESH_MODEL_DIR': str(folder)})
    assert client.answer_to(face_msg()).faces
    good = (folder / 'mesh.cpu.onnx').read_bytes()
    for change in (flip_a_bit, truncate, swap):
        change(folder)
        assert client.answer_to(face_msg()).faces
    assert transitions(DEACTIVATE, CLEANUP, CONFIGURE) == [True, True, False]
    assert 'mesh.cpu.onnx is not what the manifest says' in node.log
    (folder / 'mesh.cpu.onnx').write_bytes(good)
    assert transitions(CONFIGURE, ACTIVATE) == [True, True]
    assert client.answer_to(face_msg()).faces
    assert node.stop() == 0
