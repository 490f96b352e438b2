"""What is measured of faces, over time."""

from __future__ import annotations

import numpy as np

from facemesh_ros.types import Float64
from facemesh_ros.viz.report import normal
from facemesh_ros.viz.report.charts import MAX_CURVES, Curve, Plot, figure_of
from facemesh_ros.viz.report.markup import Html, joined, tag, text
from facemesh_ros.viz.report.statistics import StreamStatistics, TrackStatistics
from facemesh_ros.viz.report.tables import part
from facemesh_ros.viz.report.words import number_text

Span = tuple[float, float]
# A smaller range of an axis would make hills of a degree's noise.
LEAST_DEG = 10.0
_STEADINESS = joined(
    [
        text(
            'After the filter: how far published landmarks are from the line through those of the '
            'images before and after, root mean square over all landmarks and the last second, '
            'scaled so that white noise counts as its own standard deviation. A head that moves '
            'evenly adds nothing, one that speeds up or stops does, so judge by stretches at '
            'rest; the shaded band is normal there. Before the filter: '
        ),
        tag('code', '√(removed² + after²)'),
        text(', with what the filter removed, the message’s '),
        tag('code', 'jitter'),
        text(
            '. Messages hold no raw landmarks; this is exact as far as what is removed and what '
            'is left are independent, as noise is.'
        ),
    ]
)


class StreamPlots:
    """Draws the measures of the longest tracks of a stream."""

    def __init__(self, stream: StreamStatistics) -> None:
        self._stream = stream
        self.span: Span = (0.0, max(stream.span_s, 1e-3))
        self.shown = stream.confirmed[:MAX_CURVES]

    def curves(self, column: str, sigma: str | None = None) -> list[Curve]:
        """Return a measure of each shown track over time."""
        return [
            Curve(
                track.id,
                track.series.times,
                track.series.column(column),
                number,
                track.series.column(sigma) if sigma else None,
            )
            for number, track in enumerate(self.shown)
        ]

    def of(self, title: str, unit: str, column: str, **options: object) -> Html:
        """Return the figure of a measure; `options` are fields of `Plot`."""
        sigma = options.pop('sigma', None)
        curves = self.curves(column, str(sigma) if sigma else None)
        return figure_of(Plot(title, unit, curves, self.span, **options))  # type: ignore[arg-type]

    def confidence(self) -> Html:
        """Return presence and detection score."""
        return part(
            'How sure the models are',
            'Presence is the landmark model’s probability that its crop shows a face: above '
            f'{normal.PRESENCE:g} in plain view, less for turned, covered and blurred faces. The '
            'detector runs every few images only; between its runs a face is followed without it.',
            self.of('Presence', '', 'presence', limits=(0.0, 1.0), normal=(normal.PRESENCE, 1.0)),
            self.of('Detection score', '', 'score', limits=(0.0, 1.0)),
        )

    def steadiness(self) -> Html:
        """Return jitter before and after the filter, of the two longest tracks."""
        drawn = [
            self._jitter(track, number)
            for number, track in enumerate(self.shown[:2])
            if np.isfinite(track.left_share).any()
        ]
        return part('Steadiness: jitter before and after the filter', _STEADINESS, *drawn)

    def _jitter(self, track: TrackStatistics, colour: int) -> Html:
        times = track.series.times
        before, after = (
            100 * _last_second(times, shares) for shares in (track.before_share, track.left_share)
        )
        curves = [
            Curve('before', times, before, colour, is_faint=True),
            Curve('after', times, after, colour),
        ]
        at_rest = '{:.3f} % before, {:.3f} % after'.format(*(100 * x for x in track.rest_jitter))
        return figure_of(
            Plot(
                f'Jitter of {track.id}',
                '% of the distance between the eyes',
                curves,
                self.span,
                limits=(0.0, None),
                normal=(0.0, 100 * normal.REST_JITTER_SHARE),
                note=f'At rest (the quietest tenth): {at_rest}.',
            )
        )

    def heads(self) -> Html:
        """Return the heads' angles."""
        turned = (-normal.HEAD_TURN_DEG, normal.HEAD_TURN_DEG)
        return part(
            'Head angles',
            'Degrees about the camera’s axes; 0 is a head that faces the camera upright. Yaw is '
            'positive to the person’s left (right in the image), pitch up, roll towards the '
            f'person’s right shoulder. Within ±{normal.HEAD_TURN_DEG:.0f}° (shaded) both sides of '
            'the face are seen.',
            self.of('Yaw', '°', 'yaw', normal=turned, least_range=LEAST_DEG),
            self.of('Pitch', '°', 'pitch', normal=turned, least_range=LEAST_DEG),
            self.of('Roll', '°', 'roll', least_range=LEAST_DEG),
        )

    def gaze(self) -> Html:
        """Return where eyes look."""
        at_camera = ', '.join(
            f'{track.id} {_percent(track.series.column("at_camera"))}' for track in self.shown
        )
        sigmas = self._stream.of_all('off_camera_sigma')
        sigma = number_text(round(float(np.median(sigmas)), 1)) if len(sigmas) else 'unknown'
        return part(
            'Gaze',
            'Where both eyes look, in degrees about the same axes as the head, and the angle '
            f'between gaze and the way to the camera, which is known within {sigma}° (1 σ) in the '
            'median. Looks that agree with being at the camera, where the gaze is known: '
            f'{at_camera}. More of it: docs/gaze.md.',
            self.of('Gaze yaw', '°', 'gaze_yaw', least_range=LEAST_DEG),
            self.of('Gaze pitch', '°', 'gaze_pitch', least_range=LEAST_DEG),
            self.of('Off the camera', '°', 'off_camera', limits=(0.0, None)),
        )

    def distance(self) -> Html:
        """Return how far away heads are."""
        return part(
            'Distance',
            'From the camera to the point between the eyes, with one standard deviation: of size, '
            'pose and model together.',
            self.of('Distance', 'm', 'distance', sigma='distance_sigma', limits=(0.0, None)),
        )

    def eyes_and_mouth(self) -> Html:
        """Return how far eyes and mouths are open."""
        blinked = ', '.join(
            f'{track.id} {track.blinks.count}' for track in self.shown if track.blinks.observed_s
        )
        return part(
            'Eyes and mouth',
            'Opening as a share of the width of the eye, or of the mouth. An open eye has 0.2 to '
            '0.4, which differs from person to person; a blink is a fall below 65 % of what is '
            f'usual for at most half a second. Blinks: {blinked or "unknown"}. A closed mouth has '
            '0 to 0.03, a smile that shows teeth 0.1 to 0.25, speech swings, a yawn nears 1.',
            self.of('Eyes', 'opening', 'eye', limits=(0.0, None)),
            self.of('Blendshape eyeBlink', '', 'blink', limits=(0.0, 1.0)),
            self.of('Mouth', 'opening', 'mouth', limits=(0.0, None)),
        )


def _percent(values: Float64) -> str:
    known = values[np.isfinite(values)]
    return f'{100 * float(known.mean()):.0f} %' if len(known) else 'unknown'


def _last_second(times: Float64, values: Float64) -> Float64:
    """Return the root of the mean of squares over the second before each time."""
    known = np.isfinite(values)
    squares = np.concatenate([[0.0], np.cumsum(np.where(known, np.square(values), 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    begins = np.searchsorted(times, times - 1.0, side='right')
    ends = np.arange(1, len(times) + 1)
    number = counts[ends] - counts[begins]
    with np.errstate(divide='ignore', invalid='ignore'):
        means: Float64 = (squares[ends] - squares[begins]) / number
    return np.where(number > 0, np.sqrt(np.maximum(means, 0.0)), np.nan)
