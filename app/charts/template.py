"""charts.template — how every figure looks: no frame, no toolbar, one type, axes in grey; and what figures are made of.

A figure is plain data in Plotly's own words. Plotly's Python classes check every word of it each time, which takes
longer than all queries of a page; here a test checks each kind of figure once.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from app.theme import Palette

CLEAR = "rgba(0,0,0,0)"
FAMILY = "Inter, system-ui, sans-serif"


class Figure:
    """Traces and a layout, in one panel or in several, one above the other over the same days."""

    def __init__(self, layout: dict[str, Any], rows: int = 1) -> None:
        """Hold no trace yet."""
        self.data: list[dict[str, Any]] = []
        self.layout = layout
        self._rows = rows

    def add_scatter(self, **properties: Any) -> None:
        """Add lines or dots."""
        self._add("scatter", properties)

    def add_bar(self, **properties: Any) -> None:
        """Add bars."""
        self._add("bar", properties)

    def add_heatmap(self, **properties: Any) -> None:
        """Add coloured cells."""
        self._add("heatmap", properties)

    def add_sankey(self, **properties: Any) -> None:
        """Add flows."""
        self._add("sankey", properties)

    def add_annotation(self, **properties: Any) -> None:
        """Add words; in the first panel, unless `xref` and `yref` say where."""
        self.layout.setdefault("annotations", []).append(properties)

    def add_shape(self, **properties: Any) -> None:
        """Add a line or an area."""
        self.layout.setdefault("shapes", []).append(properties)

    def update_xaxes(self, row: int | None = None, **properties: Any) -> None:
        """Change the horizontal axis of a panel, or of all."""
        self._update("x", row, properties)

    def update_yaxes(self, row: int | None = None, **properties: Any) -> None:
        """Change the vertical axis of a panel, or of all."""
        self._update("y", row, properties)

    def top(self, row: int) -> float:
        """Return where a panel ends above, as a share of the figure's height."""
        return float(self.layout[f"yaxis{_number(row)}"]["domain"][1])

    def to_plotly_json(self) -> dict[str, Any]:
        """Return what the browser's Plotly takes."""
        return {"data": self.data, "layout": self.layout}

    def _add(self, kind: str, properties: dict[str, Any]) -> None:
        number = _number(properties.pop("row", 1))
        axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"} if number else {}
        said = {name: value for name, value in properties.items() if value is not None}
        self.data.append({"type": kind} | axes | said)

    def _update(self, letter: str, row: int | None, properties: dict[str, Any]) -> None:
        for each in [row] if row else range(1, self._rows + 1):
            self.layout.setdefault(f"{letter}axis{_number(each)}", {}).update(properties)


@cache
def template(palette: Palette) -> dict[str, Any]:
    """Return the template of a palette. It is shared: nobody may change it."""
    axis: dict[str, Any] = {
        "gridcolor": palette.line,
        "linecolor": palette.axis,
        "zerolinecolor": palette.axis,
        "tickfont": {"color": palette.muted, "size": 12},
        "fixedrange": True,
        "automargin": True,
        "title": {"standoff": 8, "font": {"size": 12, "color": palette.muted}},
    }
    layout = {
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
    return {"layout": layout}


def figure(palette: Palette, **layout: Any) -> Figure:
    """Return an empty figure of a palette."""
    return Figure({"template": template(palette)} | layout)


def stacked(palette: Palette, heights: Sequence[float], gap: float) -> Figure:
    """Return an empty figure of several panels over the same days, the first at the top.

    Args:
        palette: the colours.
        heights: how high each panel is beside the others.
        gap: between two panels, as a share of the figure's height.
    """
    rows, top = len(heights), 1.0
    room = (1 - gap * (rows - 1)) / sum(heights)
    margin = {"l": 0, "r": 8, "t": 26, "b": 0}
    drawn = Figure({"template": template(palette), "margin": margin, "hovermode": "x unified"}, rows)
    for row, height in enumerate(heights, 1):
        bottom = max(top - height * room, 0.0)
        number = _number(row)
        drawn.update_yaxes(row, domain=[bottom, top], anchor=f"x{number}")
        drawn.update_xaxes(row, domain=[0, 1], anchor=f"y{number}")
        if row < rows:
            drawn.update_xaxes(row, matches=f"x{rows}", showticklabels=False)
        top = bottom - gap
    return drawn


def _number(row: int) -> str:
    """Return how Plotly numbers a panel: the first not at all."""
    return "" if row == 1 else str(row)
