"""funnel.dropped — the card that lists the visits that went no further: the newest as a grid, all to download."""

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components import controls as choices
from app.components.card import Drawn
from app.components.grid import Column, grid
from app.components.parts import data
from app.context import PageContext
from app.pages.funnel import numbers, queries
from app.pages.funnel import wording as words
from app.params import Params

LISTED = 300
STARTED = "Started, UTC"
COLUMNS = (
    Column("Visitor", "text"),
    Column(STARTED, "text"),
    Column("Root category", "choice"),
    Column("Views"),
    Column("Carts"),
    Column("Items"),
    Column("Length", unit="min"),
)


def controls(params: Params) -> Component:
    """Choose the step, and download all of them."""
    download = html.Button(
        "Download all", type="button", className="button", **data(menu="csv", query=queries.dropped_visits.name)
    )
    return html.Div([choices.segmented(params, "dropped", "The last step"), download], className="control-row")


def visits(context: PageContext) -> Drawn:
    """List the newest visits that went no further."""
    rows, number = numbers.dropped(context, LISTED)
    title = words.dropped(number, context.params["dropped"])
    listed = [
        (
            (row["visitor_id"], str(row["visitor_id"])),  # a browser's numbers hold 15 digits, an id may have more
            (f"{row['started_at']:%Y-%m-%d %H:%M:%S}", f"{row['started_at']:%-d %b %Y %H:%M}"),
            wording.category(row["root_category_id"]),
            row["num_views"],
            row["num_adds"],
            row["distinct_products"],
            (round(row["seconds"] / 60, 2), wording.duration(row["seconds"])),
        )
        for row in rows
    ]
    shown = "all of them" if number <= LISTED else f"the newest {LISTED}; the download has all {wording.count(number)}"
    body = grid("funnel-dropped-grid", title, COLUMNS, listed, (STARTED, "descending")) if listed else ""
    return Drawn(title, f"Visits by their start, {shown}", body)
