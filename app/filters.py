"""app.filters — the filters that pages share: days, comparison, segment, category of entry, and what they offer."""

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components import controls
from app.components.parts import aria, data
from app.data.visits import ALL_CATEGORIES, UNKNOWN_CATEGORY
from app.params import Params
from app.site import Site
from lakehouse.errors import LakehouseError


def row(params: Params) -> Component:
    """Build the row of filters below the header; a page shows those that it follows."""
    shown = {"7d": "7d", "28d": "28d", "90d": "90d", "all": "All"}
    parts = [
        html.Div(
            [
                controls.segmented(params, "range", "Days shown, to the last complete one", shown),
                controls.days(params, "range"),
            ],
            className="filter filter-range",
        ),
        html.Div(controls.select(params, "compare", "Comparison", width=165), className="filter filter-compare"),
        html.Div(controls.select(params, "segment", "Whose visits", width=175), className="filter filter-segment"),
        html.Div(
            controls.select(params, "category", "Category of entry", {"": "All categories"}, width=165),
            className="filter filter-category",
        ),
    ]
    opener = html.Button(
        "Filters", type="button", className="filters-open", **data(toggle="site-filters"), **aria(expanded="false")
    )
    return html.Div(
        [opener, html.Div(parts, className="filter-row")],
        id="site-filters",
        className="filters",
        role="search",
        **aria(label="Filters"),
    )


def categories(site: Site, params: Params) -> list[dict[str, str]]:
    """Return the root categories through which visits entered, as choices."""
    choices = [{"value": "", "label": "All categories"}]
    try:
        shown = site.context(params).publication
        if shown is None:
            return choices
        sql = "SELECT root_category_id AS root FROM gold.funnel GROUP BY root ORDER BY sum(num_sessions) DESC"
        roots = [row["root"] for row in shown.rows(sql) if row["root"] not in (ALL_CATEGORIES, UNKNOWN_CATEGORY)]
    except LakehouseError:
        return choices
    named = [{"value": str(root), "label": wording.category(root)} for root in [*roots, UNKNOWN_CATEGORY]]
    return choices + named


def bounds(site: Site, params: Params) -> tuple[str | None, str | None]:
    """Return the first and the newest day that may be picked."""
    lake = site.lakes.get(params["lake"])
    shown = lake.current() if lake else None
    if shown is None or shown.first_day is None or shown.newest_day is None:
        return None, None
    return shown.first_day.isoformat(), shown.newest_day.isoformat()
