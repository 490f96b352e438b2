"""Tunables of the temporal filters."""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros.settings.parameter_specs import check_settings, parameter


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """Tunables of all filters; each reads its own. Defaults of one_euro are MediaPipe's."""

    type: str = parameter(
        'rigid',
        'Temporal filter: none, one_euro as in MediaPipe, or rigid, which follows the head as a '
        'body and averages the face on it.',
        choices=('none', 'one_euro', 'rigid'),
    )
    rest_time_s: float = parameter(
        3.0, 'rigid: time over which a face at rest is averaged.', low=0.0, high=30.0
    )
    noise_margin: float = parameter(
        1.4,
        'rigid: changes below about this times the noise of a face, which is learnt, are averaged '
        'away; more is steadier, less is quicker.',
        low=0.1,
        high=10.0,
    )
    min_cutoff_hz: float = parameter(
        0.05, 'one_euro: cutoff at rest; less is steadier.', low=0.001, high=60.0
    )
    beta: float = parameter(
        80.0,
        'one_euro: cutoff gained per speed, Hz per face size per second; more lags less.',
        low=0.0,
        high=10000.0,
    )
    derivative_cutoff_hz: float = parameter(
        1.0, 'one_euro: cutoff of the speed.', low=0.001, high=60.0
    )

    def __post_init__(self) -> None:
        check_settings(self, 'filter.')
