"""Parameters of the filters: checked, documented, and each type is a filter."""

from __future__ import annotations

import pytest

from facemesh_ros.native import OneEuroFilter
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.parameter_specs import SettingsError, parameter_specs
from facemesh_ros.smoothing.landmark_smoother import Unfiltered, filter_from_settings
from facemesh_ros.smoothing.rigid import RigidFilter

KNOWN = parameter_specs(FilterSettings)


def test_one_euro_begins_with_mediapipes_settings():
    settings = FilterSettings()
    assert (settings.min_cutoff_hz, settings.beta, settings.derivative_cutoff_hz) == (0.05, 80, 1)


@pytest.mark.parametrize(
    ('name', 'kind'), [('none', Unfiltered), ('one_euro', OneEuroFilter), ('rigid', RigidFilter)]
)
def test_each_type_is_a_filter(name, kind):
    assert name in KNOWN['type'][1].choices
    assert type(filter_from_settings(FilterSettings(type=name))) is kind


def test_every_field_is_a_documented_live_parameter():
    assert set(KNOWN) == set(FilterSettings.__slots__)
    for _, known in KNOWN.values():
        assert known.text.endswith('.')
        assert not known.read_only


@pytest.mark.parametrize('name', [name for name in KNOWN if name != 'type'])
def test_a_number_outside_is_refused_with_the_bound(name):
    _, known = KNOWN[name]
    for outside in (known.low - 0.0001, known.high + 0.0001, float('nan')):
        with pytest.raises(SettingsError, match=f'{name} must be at'):
            FilterSettings(**{name: outside})


def test_an_unknown_filter_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match='type must be one of none, one_euro, rigid'):
        FilterSettings(type='kalman')
