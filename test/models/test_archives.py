"""Files that users offer: right ones are found, wrong ones are refused with a reason."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facemesh_ros.catalog.models import BUNDLE, WHEEL
from facemesh_ros.errors import SourceError
from facemesh_ros.models.archives import models_in

DETECTOR = 'face_detector.tflite'


def names_in(path: Path) -> list[str]:
    return sorted({model.entry.name for model in models_in(path)})


def test_bundle_wheel_and_single_files_are_recognised(bundle, wheel, tmp_path, tflite) -> None:
    in_bundle, in_wheel = {'v2', 'blendshapes'}, {'attention', 'mesh', 'full_range'}
    assert in_bundle <= set(names_in(bundle)) <= {*in_bundle, 'short_range'}
    assert in_wheel <= set(names_in(wheel)) <= {*in_wheel, 'short_range'}
    single = tmp_path / 'any name.tflite'
    single.write_bytes(tflite('attention'))
    (model,) = models_in(single)
    assert model.entry.name == 'attention'
    assert model.content == tflite('attention')


def test_an_archive_is_recognised_without_its_suffix(bundle: Path) -> None:
    renamed = bundle.rename(bundle.with_suffix(''))
    assert 'v2' in names_in(renamed)


def test_a_folder_may_hold_any_of_them_and_strangers(bundle, wheel, tmp_path) -> None:
    (tmp_path / 'notes.txt').write_text('hello')
    (tmp_path / 'hand_landmark.tflite').write_bytes(b'\0\0\0\0TFL3')
    assert {'attention', 'v2'} <= set(names_in(tmp_path))


def test_another_machines_store_is_a_folder_of_models(store, tflite) -> None:
    for name in ('short_range', 'attention'):
        store.install(tflite(name), 'test')
    assert names_in(store.folder) == ['attention', 'short_range']


@pytest.mark.parametrize('make', [Path.mkdir, lambda path: None], ids=['empty', 'absent'])
def test_nothing_there_says_so(tmp_path, make) -> None:
    make(tmp_path / 'folder')
    with pytest.raises(SourceError, match=r'no such file|no model file'):
        models_in(tmp_path / 'folder')


@pytest.mark.parametrize('name', [BUNDLE.file_name, WHEEL.file_name])
def test_an_archive_of_other_things_names_what_is_expected(tmp_path, name) -> None:
    with zipfile.ZipFile(tmp_path / name, 'w') as packed:
        packed.writestr('hand_landmarker.tflite', b'hand')
    with pytest.raises(SourceError, match=r'no model file.*expected face_landmarker\.task'):
        models_in(tmp_path / name)


def test_members_outside_their_place_are_not_read(tmp_path, tflite) -> None:
    path = tmp_path / 'traversal.task'
    with zipfile.ZipFile(path, 'w') as packed:
        for name in (f'../{DETECTOR}', f'/{DETECTOR}', f'x/../{DETECTOR}', f'./{DETECTOR}'):
            packed.writestr(name, tflite('short_range'))
    with pytest.raises(SourceError, match='no model file'):
        models_in(path)
    assert list(tmp_path.rglob('*')) == [path]


def test_a_bomb_is_refused_by_its_declared_size(tmp_path) -> None:
    path = tmp_path / 'bomb.task'
    with (
        zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as packed,
        packed.open(DETECTOR, 'w') as member,
    ):
        for _ in range(64):
            member.write(bytes(2**20))
    with pytest.raises(SourceError, match='67108864 bytes where 229746 bytes'):
        models_in(path)


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path) -> None:
    path = tmp_path / 'liar.task'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(DETECTOR, bytes(2**24))
    size = struct.pack('<L', 2**24)
    path.write_bytes(path.read_bytes().replace(size, struct.pack('<L', 229_746)))
    with zipfile.ZipFile(path) as packed:
        assert packed.getinfo(DETECTOR).file_size == 229_746
    with pytest.raises(SourceError, match=r'damaged|not the pinned file'):
        models_in(path)


def test_a_file_too_large_for_a_model_is_not_read(tmp_path) -> None:
    path = tmp_path / BUNDLE.file_name
    with path.open('wb') as file:
        file.truncate(2**40)  # takes no room on the disk
    with pytest.raises(SourceError, match='too large to be a model file'):
        models_in(path)


def test_a_member_with_another_hash_is_refused(tmp_path, tflite) -> None:
    path = tmp_path / BUNDLE.file_name
    content = bytearray(tflite('v2'))
    content[1000] ^= 1
    with zipfile.ZipFile(path, 'w') as packed:
        packed.writestr('face_landmarks_detector.tflite', bytes(content))
    with pytest.raises(SourceError, match='SHA-256 c7d54204ce'):
        models_in(path)


@pytest.mark.parametrize('part', [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_download_is_refused(bundle: Path, part) -> None:
    content = bundle.read_bytes()
    bundle.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(SourceError, match=r'truncated.*expected face_landmarker\.task'):
        models_in(bundle)


def test_a_truncated_model_is_refused(tmp_path, tflite) -> None:
    path = tmp_path / 'face_landmark_with_attention.tflite'
    path.write_bytes(tflite('attention')[:-1])
    with pytest.raises(SourceError, match=r'2495105 bytes.*may be truncated'):
        models_in(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.binary(max_size=200),
    zipped=st.booleans(),
    suffix=st.sampled_from(['.task', '.whl', '.zip', '.tflite', '']),
)
def test_no_bytes_cause_anything_but_a_refusal(tmp_path, content, zipped, suffix) -> None:
    path = tmp_path / f'offered{suffix}'
    if zipped:
        with zipfile.ZipFile(path, 'w') as packed:
            packed.writestr(DETECTOR, b'')
        content = path.read_bytes()[: -len(content) or None] + content
    path.write_bytes(content)
    with pytest.raises(SourceError):
        models_in(path)
