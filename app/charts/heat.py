"""charts.heat — cells coloured by how much they hold; what holds nothing has the colour of the card."""

from collections.abc import Sequence

from app.charts.template import CLEAR, Figure, figure
from app.theme import Palette


def cells(
    x: Sequence[object],
    y: Sequence[object],
    values: Sequence[Sequence[float | None]],
    hovers: Sequence[Sequence[str]],
    palette: Palette,
    texts: Sequence[Sequence[str]] | None = None,
    gap: int = 2,
    highest: float | None = None,
) -> Figure:
    """Draw a table of numbers as colours, the first row at the top.

    Args:
        x: names of the columns.
        y: names of the rows.
        values: a row of numbers for each name of `y`; None leaves a cell blank.
        hovers: what each cell says.
        palette: the colours.
        texts: what is written in each cell.
        gap: pixels between cells.
        highest: the number that has the strongest colour; the greatest unless given.
    """
    drawn = figure(palette)
    drawn.add_heatmap(
        x=list(x),
        y=list(y),
        z=[list(row) for row in values],
        text=[list(row) for row in texts] if texts else None,
        texttemplate="%{text}" if texts else None,
        textfont={"size": 12},
        customdata=[list(row) for row in hovers],
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        colorscale=palette.heat_scale(),
        zmin=0,
        zmax=highest,
        showscale=False,
        xgap=gap,
        ygap=gap,
    )
    drawn.update_yaxes(
        autorange="reversed", showgrid=False, rangemode="normal", ticks="outside", ticklen=6, tickcolor=CLEAR
    )
    drawn.update_xaxes(side="bottom", ticks="", zeroline=False)
    return drawn
