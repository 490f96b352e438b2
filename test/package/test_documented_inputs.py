"""What docs/inputs.md says of drivers can be read and launched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from facemesh_ros.image.depth import depth_from_raw
from facemesh_ros.image.encodings import BY_NAME
from facemesh_ros.image.raw_image import ImageError, RawImage

ROOT = Path(__file__).parents[2]
DRIVERS = (ROOT / 'docs' / 'inputs.md').read_text(encoding='utf-8').split('## ')[1]
ROWS = [line.split('|')[1:-1] for line in DRIVERS.splitlines() if line.startswith('| ')][1:]
# Words of drivers' own parameters, which name no encoding.
FORMATS = re.compile(r'(rgb|bgr|rgba|bgra|mono|nv)\d+|yuv422\w*|\d+[UFS]C\d')


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row[0].strip())
def test_what_a_driver_gives_can_be_read(row):
    text = row[2]
    colours, depths = text.partition('depth')[0], text.partition('depth')[2]
    named = [code for code in re.findall(r'`([^`]+)`', colours) if FORMATS.fullmatch(code)]
    assert set(named) <= BY_NAME.keys()
    for code in re.findall(r'`([^`]+)`', depths):
        if FORMATS.fullmatch(code):
            with pytest.raises(ImageError, match='step is 0 bytes'):  # known, but of no size
                depth_from_raw(RawImage(code, 2, 2, 0, False, b''))


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row[0].strip())
def test_its_launch_arguments_are_known_to_the_launch_files(row):
    sources = [path.read_text(encoding='utf-8') for path in (ROOT / 'launch').glob('*.py')]
    arguments = {name for source in sources for name in re.findall(r"'(\w+)'[:,] ?\(?", source)}
    assert set(re.findall(r'(\w+):=', row[1])) <= arguments
