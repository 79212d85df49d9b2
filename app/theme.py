"""app.theme — type and colour: one accent, greys, and a colour for each thing on every page.

Charts are drawn in the light colours. In the dark, assets/charts.css puts the dark twin of each in its place, so that
the switch needs neither server nor redrawing.
"""

from typing import Any

import plotly.graph_objects as go

FONT = "'Inter', system-ui, -apple-system, 'Segoe UI', sans-serif"

INK = "#212529"
MUTED = "#495057"
LINE = "#e9ecef"
AXIS = "#adb5bd"
PREVIOUS = "#868e96"
VIEW = "#0072b2"  # Okabe and Ito: blue, orange, green, vermilion; told apart with any colour vision
CART = "#e69f00"
PURCHASE = "#009e73"
LOWERS = "#d55e00"

DARK = {
    INK: "#f1f3f5",
    MUTED: "#b8b8b8",
    LINE: "#383838",
    AXIS: "#5c5c5c",
    PREVIOUS: "#a6a7ab",
    VIEW: "#56b4e9",
    CART: "#f0b232",
    PURCHASE: "#2bbf93",
    LOWERS: "#f07f3c",
}

MANTINE: dict[str, Any] = {
    "primaryColor": "indigo",
    "primaryShade": {"light": 8, "dark": 5},
    "fontFamily": FONT,
    "headings": {"fontFamily": FONT, "fontWeight": "600"},
    "fontSizes": {"xs": "12px", "sm": "14px", "md": "16px", "lg": "20px", "xl": "28px"},
    "defaultRadius": "md",
    "respectReducedMotion": True,
}

_AXIS = {
    "gridcolor": LINE,
    "linecolor": AXIS,
    "zerolinecolor": AXIS,
    "tickfont": {"color": MUTED, "size": 12},
    "fixedrange": True,
    "automargin": True,
    "title": {"standoff": 8},
}

TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": "Inter, system-ui, sans-serif", "size": 12, "color": MUTED},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "showlegend": False,
        "separators": ".,",
        "hoverlabel": {
            "bgcolor": "#25262b",
            "bordercolor": "#5c5f66",
            "font": {"color": "#f8f9fa", "size": 12, "family": "Inter, system-ui, sans-serif"},
            "align": "left",
        },
        "dragmode": False,
        "xaxis": _AXIS | {"showgrid": False},
        "yaxis": _AXIS | {"rangemode": "tozero", "zeroline": False},
    }
)
