"""How the viewer's window is laid out: a tab for each camera or file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facemesh_ros.viz.rerun_view import curves
from facemesh_ros.viz.rerun_view.stream_log import StreamLog


def blueprint_of(sdk: Any, streams: Sequence[tuple[str, StreamLog]], *, is_live: bool) -> Any:
    """Return the layout for streams with their names."""
    rrb = sdk.blueprint
    tabs = [_tab(rrb, name, stream) for name, stream in streams]
    return rrb.Blueprint(
        tabs[0] if len(tabs) == 1 else rrb.Tabs(*tabs),
        rrb.BlueprintPanel(state='collapsed'),
        rrb.SelectionPanel(state='collapsed'),
        rrb.TimePanel(state='collapsed'),
        auto_views=False,
    )


def _tab(rrb: Any, name: str, stream: StreamLog) -> Any:
    root = stream.root
    picture = rrb.Spatial2DView(origin=f'{root}/picture', name=name)
    return rrb.Vertical(
        rrb.Horizontal(picture, _space(rrb, stream), column_shares=[3, 2]),
        _plots(rrb, stream),
        row_shares=[3, 2],
        name=name,
    )


def _space(rrb: Any, stream: StreamLog) -> Any:
    if not stream.has_space:
        return rrb.TextDocumentView(origin=f'{stream.root}/why_flat', name='in space')
    return rrb.Spatial3DView(
        origin=f'{stream.root}/space',
        name='in space, m: red out of the face, green to its left, blue up, yellow where it looks',
        background=[20, 22, 28],
        line_grid=False,
        eye_controls=rrb.EyeControls3D(
            position=(-0.5, -0.35, -0.4), look_target=(0, 0, 0.6), eye_up=(0, -1, 0)
        ),
    )


def _plots(rrb: Any, stream: StreamLog) -> Any:
    known = [
        curves.FACES,
        *[curves.TIMES] * stream.has_times,
        *(plot for plot in curves.OF_FACES if stream.has_space or plot.entity not in ('head', 'distance')),
    ]
    views = [
        rrb.TimeSeriesView(origin=f'{stream.root}/curves/{plot.entity}', name=plot.name)
        for plot in known
    ]
    return rrb.Grid(*views, grid_columns=(len(views) + 1) // 2)
