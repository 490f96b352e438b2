"""Who lacks Rerun is told what to install."""

from __future__ import annotations

import sys

import pytest

from facemesh_ros.viz.rerun_view import sdk


@pytest.mark.parametrize(
    ('version', 'numpy_version', 'said'),
    [
        ((3, 11), '2.3.0', 'pip install rerun-sdk'),
        ((3, 10), '2.2.6', "pip install 'rerun-sdk<0.40'"),
        ((3, 10), '1.21.5', 'an environment of its own'),
    ],
)
def test_without_rerun_one_line_says_what_to_install(monkeypatch, version, numpy_version, said):
    monkeypatch.setattr(sys, 'version_info', version)
    monkeypatch.setattr(sdk.np, '__version__', numpy_version)
    monkeypatch.setitem(sys.modules, 'rerun', None)
    with pytest.raises(sdk.ViewerError) as error:
        sdk.rerun_sdk()
    assert said in str(error.value)
    assert '\n' not in str(error.value)
