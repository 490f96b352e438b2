"""The drawings of docs/ are what their scripts draw today."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / 'docs'
SCRIPTS = sorted((ROOT / 'tools').glob('draw_*.py'))
NUMBER = re.compile(r'-?\d+\.?\d*')
# Processors and releases of numpy differ in the last bits: of px, that may be a tenth.
TOLERANCE_PX = 0.5


def loaded(script: Path):
    spec = importlib.util.spec_from_file_location(script.stem, script)
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module  # dataclasses look there for their module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('script', SCRIPTS, ids=lambda script: script.stem)
def test_a_drawing_is_what_its_script_draws(script, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(script.parent))
    module = loaded(script)
    if hasattr(module, 'OUTPUT'):
        monkeypatch.setattr(module, 'OUTPUT', tmp_path / module.OUTPUT.name)
    monkeypatch.setattr('svg_sheet.DOCS', tmp_path)
    module.main()
    (drawn,) = tmp_path.glob('*.svg')
    new, old = drawn.read_text(), (DOCS / drawn.name).read_text()
    hint = f'draw it anew: ./run shell -c "python tools/{script.name}"'
    assert NUMBER.sub('#', new) == NUMBER.sub('#', old), hint
    numbers = [np.array(NUMBER.findall(text), float) for text in (new, old)]
    np.testing.assert_allclose(*numbers, atol=TOLERANCE_PX, err_msg=hint)


def test_every_drawing_is_on_a_page():
    pages = ''.join(page.read_text(encoding='utf-8') for page in DOCS.glob('*.md'))
    for picture in (*DOCS.glob('*.svg'), *DOCS.glob('*.png')):
        readme = (ROOT / 'README.md').read_text(encoding='utf-8')
        assert f'({picture.name})' in pages or f'docs/{picture.name}' in readme, picture.name
