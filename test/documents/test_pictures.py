"""Every picture of the documents is made by a command of the repository, and is as it makes it."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from documents import ROOT, commands, documents

SUFFIXES = ('.svg', '.png', '.jpg', '.gif', '.webp')
PICTURES = sorted(path for path in (ROOT / 'docs').rglob('*') if path.suffix in SUFFIXES)
NUMBER = re.compile(r'-?\d+(?:\.\d+)?')
# By the demo, in test/ros/documents/test_demo_commands.py.
OF_THE_DEMO = 'docs/demo.png'
# px of a drawing; letters of another rounding of the last digit.
CLOSE = 0.02


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def shown_in(page: Path) -> set[Path]:
    text = page.read_text(encoding='utf-8')
    targets = re.findall(r'!\[[^]]*\]\(([^)\s]+)', text)
    targets += re.findall(r'<img[^>]+src="([^"]+)"', text)
    targets += re.findall(r'```\{(?:figure|image)\} *(\S+)', text)
    return {(page.parent / target).resolve() for target in targets if '://' not in target}


def makers_of(picture: Path) -> list[str]:
    """Return the commands that write a picture: a drawing script, a benchmark, the demo."""
    scripts = [
        script
        for script in (ROOT / 'tools').glob('draw_*.py')
        if picture.name in script.read_text(encoding='utf-8')
    ]
    found = [part.words for command in commands() for part in command.parts]
    made = [' '.join(words) for words in found if name_of(picture) in words]
    for words in found:
        if any(name_of(script) in words[1:2] for script in scripts):
            made.append(' '.join(words))
        if words[:2] == ('./run', 'bench') and '--docs' in words and words[2] == picture.stem:
            assert f"section='{picture.stem}'" in benchmark(picture.stem)
            assert f"plot='{picture.stem}'" in benchmark(picture.stem)
            made.append(' '.join(words))
    if name_of(picture) == OF_THE_DEMO:
        made += [' '.join(words) for words in found if words[:2] == ('./run', 'demo')]
    return made


def benchmark(name: str) -> str:
    return (ROOT / 'benchmarks' / f'{name}.py').read_text(encoding='utf-8')


@pytest.mark.parametrize('page', documents(), ids=name_of)
def test_the_pictures_of_a_page_are_there(page):
    assert [name_of(path) for path in shown_in(page) if not path.exists()] == []


@pytest.mark.parametrize('picture', PICTURES, ids=name_of)
def test_a_picture_is_shown_and_a_written_command_makes_it(picture):
    assert any(picture.resolve() in shown_in(page) for page in documents())
    assert makers_of(picture), (
        f'no command that is written down makes {name_of(picture)}: a script tools/draw_….py that '
        'names it, with its command in its docstring, `--plot`, or `./run bench NAME --docs`'
    )


DRAWN = sorted((ROOT / 'tools').glob('draw_*.py'))
# Scripts that are not run, and why.
NOT_DRAWN = {
    'draw_report.py': 'finds 600 faces; test/viz/report looks at the page in Chromium',
    'draw_viewer.py': 'opens the viewer for half a minute; test/viz looks at its pages',
}


def test_scripts_that_are_not_run_exist():
    assert set(NOT_DRAWN) <= {script.name for script in DRAWN}


@pytest.mark.parametrize(
    'script', [script for script in DRAWN if script.name not in NOT_DRAWN], ids=name_of
)
def test_a_drawing_is_as_its_script_draws_it(script, tmp_path, model_store):
    """In a copy of the folders, so that the checkout stays as it is."""
    shutil.copytree(ROOT / 'tools', tmp_path / 'tools', ignore=shutil.ignore_patterns('wheels'))
    (tmp_path / 'docs').mkdir()
    paths = [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])]
    done = subprocess.run(
        [sys.executable, tmp_path / name_of(script)],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    made = [path for path in (tmp_path / 'docs').rglob('*') if path.suffix in SUFFIXES]
    assert made
    for path in made:
        committed = ROOT / path.relative_to(tmp_path)
        assert committed.exists(), f'{script.name} draws {path.name}, which is not committed'
        assert_same(path, committed)


def assert_same(made: Path, committed: Path) -> None:
    if made.suffix != '.svg':
        ours, theirs = (cv2.imread(str(path)).astype(float) for path in (made, committed))
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).mean() < 3, f'{committed} is not what its script draws'
        return
    texts = [re.sub(r'<!--.*?-->', '', path.read_text(), flags=re.S) for path in (made, committed)]
    words = [NUMBER.split(text) for text in texts]
    assert words[0] == words[1], f'{committed} is not what its script draws'
    numbers = [np.array(NUMBER.findall(text), float) for text in texts]
    np.testing.assert_allclose(*numbers, rtol=1e-4, atol=CLOSE)


def test_a_drawing_that_differs_is_found(tmp_path):
    for name, number in (('a', 1.0), ('b', 1.001), ('c', 1.5)):
        (tmp_path / f'{name}.svg').write_text(f'<svg><line x1="{number}"/></svg>')
    assert_same(tmp_path / 'a.svg', tmp_path / 'b.svg')
    for other in itertools.product('ab', 'c'):
        with pytest.raises(AssertionError):
            assert_same(*(tmp_path / f'{name}.svg' for name in other))
