"""How the viewer's window is laid out: a tab for each camera or file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facemesh_ros.viz.rerun_view import picture_log, space_log
from facemesh_ros.viz.rerun_view.branch import readable
from facemesh_ros.viz.rerun_view.curves import COUNT, CURVES, OF_FACES, TIMES, Curves
from facemesh_ros.viz.rerun_view.stream_log import StreamLog

# Of what it shows of a live stream's past, s.
_LIVE_S = 30.0
# From where the faces are looked at: beside the camera, a little above.
_EYE_M = np.array([-0.4, -0.22, -0.4])
_DARK = [18, 20, 26]
LEGEND = 'legend'
_LEGEND = """\
**Picture**: id, presence (how sure it is that this is a face, at most 1), distance. Darker: new,
or hidden just now.

**In space**: red points out of the face, green to its left, blue up; yellow is where each eye
looks.

**Jitter** is what the filter takes away. **Eyes and mouth**: height by width. Left and right are
the person's own; tilted is clockwise in the picture.
"""
_FLAT = """\
### Nothing can be shown in space

The camera is not calibrated, so nobody knows how far faces are and where they look.

* A running camera: let it publish `camera_info` with its images
  (`ros2 run camera_calibration cameracalibrator` makes one).
* Files: `facemesh view PATH --camera-info camera.yaml`
* If it is calibrated: the node's `metric_mode` may be `none`; its `/diagnostics` say why there are
  no metres.
"""


def log_texts(sdk: Any, recording: Any) -> None:
    """Log what stands beside the pictures."""
    for place, text in ((LEGEND, _LEGEND), (_FLAT_PLACE, _FLAT)):
        recording.log(place, sdk.TextDocument(text, media_type='text/markdown'), static=True)


_FLAT_PLACE = 'no_metres'


def layout_of(sdk: Any, streams: Sequence[tuple[str, StreamLog]], *, is_live: bool) -> Any:
    """Return the layout (a blueprint) for streams with their names."""
    rrb = sdk.blueprint
    tabs = [_tab(sdk, name, stream, is_live=is_live) for name, stream in streams]
    return rrb.Blueprint(
        tabs[0] if len(tabs) == 1 else rrb.Tabs(*tabs, active_tab=0),
        rrb.BlueprintPanel(state='collapsed'),
        rrb.SelectionPanel(state='collapsed'),
        rrb.TimePanel(
            state='collapsed',
            timeline=streams[-1][1].timeline,
            play_state='following' if is_live else None,
        ),
        auto_views=False,
        auto_layout=False,
    )


def _tab(sdk: Any, name: str, stream: StreamLog, *, is_live: bool) -> Any:
    rrb = sdk.blueprint
    picture = rrb.Spatial2DView(
        origin=f'{stream.root}/{picture_log.PICTURE}', name=readable(name), background=_DARK
    )
    return rrb.Vertical(
        rrb.Horizontal(picture, _space(rrb, stream), column_shares=[1, 1]),
        _plots(sdk, stream, is_live=is_live),
        row_shares=[3, 2],
        name=readable(name),
    )


def _space(rrb: Any, stream: StreamLog) -> Any:
    if not stream.has_space:
        return rrb.TextDocumentView(origin=_FLAT_PLACE, name='in space')
    middle = stream.middle_m
    distance = float(np.linalg.norm(middle))
    return rrb.Spatial3DView(
        origin=f'{stream.root}/{space_log.SPACE}',
        name='in space',
        background=_DARK,
        line_grid=False,
        eye_controls=rrb.EyeControls3D(
            position=middle + _EYE_M * max(distance, 0.3) / 0.6,
            look_target=middle,
            eye_up=(0, -1, 0),
        ),
    )


def _plots(sdk: Any, stream: StreamLog, *, is_live: bool) -> Any:
    rrb = sdk.blueprint
    shown = [
        *[TIMES] * stream.has_times,
        COUNT,
        *(plot for plot in OF_FACES if stream.has_space or not plot.in_metres),
    ]
    views = [_plot(sdk, stream, plot, is_live=is_live) for plot in shown]
    views.append(rrb.TextDocumentView(origin=LEGEND, name='what is what'))
    return rrb.Grid(*views, grid_columns=(len(views) + 1) // 2)


def _plot(sdk: Any, stream: StreamLog, plot: Curves, *, is_live: bool) -> Any:
    rrb, cursor = sdk.blueprint, sdk.encodings.TimeRangeBoundary.cursor_relative
    recent = sdk.VisibleTimeRange(stream.timeline, start=cursor(seconds=-_LIVE_S), end=cursor())
    return rrb.TimeSeriesView(
        origin=f'{stream.root}/{CURVES}/{plot.entity}',
        name=plot.title,
        axis_y=rrb.ScalarAxis(range=plot.range) if plot.range else None,
        plot_legend=rrb.PlotLegend(visible=len(plot.numbers) > 1 or plot is TIMES),
        time_ranges=recent if is_live else None,
    )
