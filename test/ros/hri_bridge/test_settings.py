"""docs/hri.md says of every parameter what the code declares."""

import re
from pathlib import Path

from facemesh_ros.ros.hri_bridge.settings import BridgeSettings
from facemesh_ros.settings.parameter_specs import parameter_specs

DOCUMENT = Path(__file__).parents[3] / 'docs' / 'hri.md'
SPECS = parameter_specs(BridgeSettings)


def test_the_document_has_every_parameter_with_its_default():
    rows = re.findall(r'^\| `(\w+)` \| `([^`]*)` \| (.*) \|$', DOCUMENT.read_text(), re.M)
    assert {name: default for name, default, _ in rows} == {
        name: '[]' if default == () else str(default).lower()
        for name, (default, _) in SPECS.items()
    }
    for name, _, meaning in rows:
        _, spec = SPECS[name]
        assert spec.text.rstrip('.').lower() in meaning.lower()
        assert all(f'`{choice}`' in meaning for choice in spec.choices)
