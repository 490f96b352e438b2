"""Parameters: defaults, and values out of range are refused by name."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from facemesh_ros.settings.parameter_specs import (
    SettingsError,
    parameter_specs,
    parameter_value,
    replace_parameters,
)
from facemesh_ros.settings.pipeline import PipelineSettings, SensorSettings

KNOWN = parameter_specs(SensorSettings)
BOUNDED = [name for name, (_, known) in KNOWN.items() if known.low is not None]
CHOSEN = [name for name, (_, known) in KNOWN.items() if known.choices]


def changed(name, value):
    """The default settings but for one."""
    return replace_parameters(SensorSettings(), {name: value})


def test_mediapipes_defaults():
    settings = SensorSettings()
    assert settings.min_detection_confidence == 0.5
    assert settings.min_presence_confidence == 0.5
    assert settings.execution_provider == 'auto'


def test_every_field_is_a_documented_parameter():
    fields = set(SensorSettings.__slots__) | set(PipelineSettings.__slots__)
    assert {name.partition('.')[0] for name in KNOWN} == fields
    for name, (default, known) in KNOWN.items():
        assert known.text.endswith('.'), name
        assert default == parameter_value(SensorSettings(), name)


def test_these_have_bounds_and_those_have_choices():
    assert BOUNDED == [
        'max_faces',
        'min_detection_confidence',
        'min_presence_confidence',
        'detector_interval',
        'min_tracking_iou',
        'min_birth_frames',
        'max_coast_frames',
        'filter.rest_time_s',
        'filter.noise_margin',
        'filter.min_cutoff_hz',
        'filter.beta',
        'filter.derivative_cutoff_hz',
        'device_id',
    ]
    assert CHOSEN == [
        'detector_rotations',
        'metric_mode',
        'filter.type',
        'landmark_model',
        'detector',
        'execution_provider',
        'precision',
    ]


@pytest.mark.parametrize('name', BOUNDED)
def test_bounds_belong_to_the_range(name):
    _, known = KNOWN[name]
    for bound in (known.low, known.high):
        assert parameter_value(changed(name, bound), name) == bound


@pytest.mark.parametrize('name', BOUNDED)
def test_a_number_outside_is_refused_with_the_bound(name):
    _, known = KNOWN[name]
    with pytest.raises(SettingsError, match=f'{name} must be at least {known.low:g}; got'):
        changed(name, known.low - 0.001)
    with pytest.raises(SettingsError, match=f'{name} must be at most {known.high:g}; got'):
        changed(name, known.high + 0.001)


@pytest.mark.parametrize('name', BOUNDED)
@pytest.mark.parametrize('number', [float('nan'), float('inf'), float('-inf')])
def test_no_number_at_all_is_refused(name, number):
    with pytest.raises(SettingsError, match=f'{name} must be at'):
        changed(name, number)


@pytest.mark.parametrize('name', CHOSEN)
def test_an_unknown_choice_is_refused_with_those_allowed(name):
    _, known = KNOWN[name]
    with pytest.raises(SettingsError) as error:
        changed(name, 'best')
    assert str(error.value) == f"{name} must be one of {', '.join(known.choices)}; got 'best'"
    for choice in known.choices:
        assert parameter_value(changed(name, choice), name) == choice


def test_the_pipeline_checks_its_own_settings():
    with pytest.raises(SettingsError, match='max_faces must be at least 1; got 0'):
        PipelineSettings(max_faces=0)


def test_settings_do_not_change_under_a_running_pipeline():
    with pytest.raises(FrozenInstanceError):
        SensorSettings().max_faces = 2


def test_several_settings_change_at_once_and_the_others_stay():
    before = replace_parameters(SensorSettings(), {'filter.beta': 7.0})
    after = replace_parameters(
        before, {'max_faces': 2, 'filter.type': 'none', 'filter.rest_time_s': 1.0}
    )
    assert (after.max_faces, after.filter.type, after.filter.rest_time_s) == (2, 'none', 1.0)
    assert after.filter.beta == 7.0
    assert (before.max_faces, before.filter.type) == (16, 'rigid')
