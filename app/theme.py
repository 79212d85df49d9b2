"""app.theme — type and colour: a colour for each thing on every page, one palette each for light and dark.

A figure is drawn in the reader's palette. When the reader switches, the browser puts each colour's twin in its place
(assets/charts.js), so that the switch needs neither server nor redrawing.
"""

from dataclasses import asdict, dataclass
from typing import Any

FONT = "'Inter', system-ui, -apple-system, 'Segoe UI', sans-serif"
SCHEMES = ("light", "dark")


@dataclass(frozen=True)
class Palette:
    """The colours of charts. Within a palette each is there once, so that it can be told from its twin.

    Kinds of events are in Okabe's and Ito's colours, told apart with any colour vision. `heat` runs from nothing up.
    """

    scheme: str
    ink: str
    muted: str
    line: str
    axis: str
    previous: str
    surface: str
    accent: str
    view: str
    cart: str
    purchase: str
    lowers: str
    other: str
    heat: tuple[str, ...]

    @property
    def colours(self) -> dict[str, str]:
        """Name -> colour; those of `heat` by their place."""
        plain = {name: value for name, value in asdict(self).items() if name not in ("scheme", "heat")}
        return plain | {f"heat{place}": value for place, value in enumerate(self.heat)}

    def heat_scale(self) -> list[list[Any]]:
        """Return `heat` as Plotly's colour scale."""
        return [[place / (len(self.heat) - 1), colour] for place, colour in enumerate(self.heat)]


LIGHT = Palette(
    scheme="light",
    ink="#212529",
    muted="#495057",
    line="#e9ecef",
    axis="#adb5bd",
    previous="#868e96",
    surface="#ffffff",
    accent="#3b5bdb",
    view="#0072b2",
    cart="#e69f00",
    purchase="#009e73",
    lowers="#d55e00",
    other="#ced4da",
    heat=("#f3f5f8", "#d3e4f1", "#a3cae4", "#66a9d2", "#2a83b9", "#0b5c8f", "#063d61"),
)
DARK = Palette(
    scheme="dark",
    ink="#f1f3f5",
    muted="#b8b8b8",
    line="#383838",
    axis="#5c5c5c",
    previous="#a6a7ab",
    surface="#242424",
    accent="#91a7ff",
    view="#56b4e9",
    cart="#f0b232",
    purchase="#2bbf93",
    lowers="#f07f3c",
    other="#4a4a4f",
    heat=("#29292c", "#20384a", "#214d6b", "#26658e", "#3082b3", "#4aa3d6", "#86c7ee"),
)
PALETTES = {palette.scheme: palette for palette in (LIGHT, DARK)}

MANTINE: dict[str, Any] = {
    "primaryColor": "indigo",
    "primaryShade": {"light": 8, "dark": 5},
    "fontFamily": FONT,
    "headings": {"fontFamily": FONT, "fontWeight": "600"},
    "fontSizes": {"xs": "12px", "sm": "14px", "md": "16px", "lg": "20px", "xl": "28px"},
    "defaultRadius": "md",
    "respectReducedMotion": True,
}
