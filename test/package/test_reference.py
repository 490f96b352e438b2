"""The reference is read right: as rosidl reads the messages, and as real lines of JSON are."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def reference(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / 'tools')
    return lambda name: importlib.import_module(f'reference.{name}')


@pytest.mark.parametrize('name', ['FaceMesh', 'FaceMeshArray', 'FaceMeshInfo'])
def test_messages_have_the_fields_and_constants_of_their_classes(reference, name):
    pytest.importorskip('rclpy', reason='needs ROS')
    generated = getattr(importlib.import_module('facemesh_ros.msg'), name)
    message = reference('messages').read_message(ROOT / 'msg' / f'{name}.msg')
    fields = [field.name for field in message.fields if not field.value]
    assert fields == list(generated.get_fields_and_field_types())
    constants = {field.name: int(field.value) for field in message.fields if field.value}
    assert {key: getattr(generated, key) for key in constants} == constants
    capitals = {key for key in dir(type(generated)) if key.isupper() and key[0] != '_'}
    assert capitals == constants.keys()
    assert all(field.meaning for field in message.fields if field.name != 'header')


def test_comments_belong_to_their_fields(reference, tmp_path):
    path = tmp_path / 'Any.msg'
    path.write_text(
        '# One thing,\n# told in two lines.\n\nuint8 A=1  # first\n'
        'float32[<=3] b  # metres,\n                # or NaN\n\n# Of both.\nint8 c  # px\nint8 d\n'
    )
    message = reference('messages').read_message(path)
    assert message.meaning == 'One thing, told in two lines.'
    told = [(it.type, it.name, it.value, it.meaning) for it in message.fields]
    assert told == [
        ('uint8', 'A', '1', 'first'),
        ('float32[<=3]', 'b', '', 'metres, or NaN'),
        ('int8', 'c', '', 'px. Of both'),
        ('int8', 'd', '', 'Of both'),
    ]


def test_lines_of_json_have_the_fields_that_are_told(
    reference, tmp_path, monkeypatch, model_store
):
    """Of a real run on a picture with a face."""
    skimage = pytest.importorskip('skimage')
    cv2 = pytest.importorskip('cv2')
    from facemesh_ros.cli.main import main

    picture = tmp_path / 'face.png'
    cv2.imwrite(str(picture), skimage.data.astronaut()[..., ::-1])
    lines = tmp_path / 'faces.jsonl'
    assert main(['run', str(picture), '--jsonl', str(lines), '--no-second-look']) == 0
    (line,) = map(json.loads, lines.read_text().splitlines())
    written = {key for key in line if key != 'faces'}
    written |= {f'faces.{key}' for key in line['faces'][0]}
    told = reference('json_lines').described_fields().keys()
    assert told - {'topic', 'faces'} == written


def test_text_with_marks_of_markdown_is_shown_as_it_is(reference):
    text = reference('markdown').text
    assert text('a_b* <id> [x] a|b $c') == r'a\_b\* \<id\> \[x\] a\|b \$c'
    assert text('with --jsonl OUT, as `a_b`') == 'with `--jsonl` OUT, as `a_b`'
    assert text("one'--x--y") == "one'--x--y"


@pytest.mark.parametrize(
    ('link', 'document', 'page', 'on_site'),
    [
        ('docs/recall.md#by-kind', 'README.md', 'reference/readme.md', '../recall.md#by-kind'),
        ('../README.md#topics', 'docs/install.md', 'install.md', 'reference/readme.md#topics'),
        ('gpu.md', 'docs/install.md', 'install.md', 'gpu.md'),
        ('msg/FaceMesh.msg', 'README.md', 'reference/readme.md', 'messages.md#facemesh'),
        ('../config/facemesh.yaml', 'docs/launch.md', 'launch.md', 'reference/parameters.md'),
        ('LICENSE', 'README.md', 'reference/readme.md', '../../LICENSE'),
        ('#models', 'README.md', 'reference/readme.md', '#models'),
        ('https://a.b/c', 'README.md', 'reference/readme.md', 'https://a.b/c'),
    ],
)
def test_links_lead_to_pages_of_the_site(reference, link, document, page, on_site):
    site = reference('repository').Site(ROOT, ROOT / 'docs')
    text = f'[here]({link})\n```\n[x]({link})\n```\n'
    translated = site.translated(text, document, Path(page))
    assert translated == f'[here]({on_site})\n```\n[x]({link})\n```\n'
