"""charts.template — how every figure looks: no frame, no toolbar, one type, axes in grey."""

from functools import cache
from typing import Any

import plotly.graph_objects as go

from app.theme import Palette

CLEAR = "rgba(0,0,0,0)"
FAMILY = "Inter, system-ui, sans-serif"


@cache
def template(palette: Palette) -> go.layout.Template:
    """Return the template of a palette."""
    axis: dict[str, Any] = {
        "gridcolor": palette.line,
        "linecolor": palette.axis,
        "zerolinecolor": palette.axis,
        "tickfont": {"color": palette.muted, "size": 12},
        "fixedrange": True,
        "automargin": True,
        "title": {"standoff": 8, "font": {"size": 12, "color": palette.muted}},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FAMILY, "size": 12, "color": palette.muted},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "showlegend": False,
            "separators": ".,",
            "hoverlabel": {
                "bgcolor": "#25262b",
                "bordercolor": "#5c5f66",
                "font": {"color": "#f8f9fa", "size": 12, "family": FAMILY},
                "align": "left",
            },
            "dragmode": False,
            "xaxis": axis | {"showgrid": False},
            "yaxis": axis | {"rangemode": "tozero", "zeroline": False},
        }
    )


def figure(palette: Palette, **layout: Any) -> go.Figure:
    """Return an empty figure of a palette."""
    return go.Figure(layout={"template": template(palette)} | layout)
