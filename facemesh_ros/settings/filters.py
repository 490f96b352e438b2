"""Parameters of the temporal filters."""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros.settings.parameter_specs import check_settings, parameter


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """Parameters of all filters; each reads its own. Defaults of one_euro are MediaPipe's."""

    type: str = parameter(
        'rigid',
        'Temporal filter: none, one_euro as in MediaPipe, or rigid, which filters head motion and '
        'face shape apart.',
        choices=('none', 'one_euro', 'rigid'),
    )
    rest_time_s: float = parameter(
        3.0, 'rigid: time constant of the average of a face at rest, s.', low=0.0, high=30.0
    )
    noise_margin: float = parameter(
        1.4,
        "rigid: changes below about this times a face's estimated noise are averaged away; higher "
        'is smoother, lower is quicker.',
        low=0.1,
        high=10.0,
    )
    min_cutoff_hz: float = parameter(
        0.05, 'one_euro: cutoff frequency at rest, Hz; lower is smoother.', low=0.001, high=60.0
    )
    beta: float = parameter(
        80.0,
        'one_euro: cutoff gained per speed, Hz per face size per second; higher lags less.',
        low=0.0,
        high=10000.0,
    )
    derivative_cutoff_hz: float = parameter(
        1.0, 'one_euro: cutoff frequency of the speed, Hz.', low=0.001, high=60.0
    )

    def __post_init__(self) -> None:
        check_settings(self, 'filter.')
