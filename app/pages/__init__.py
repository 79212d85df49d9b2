"""app.pages — the pages of the site, in the order of the navigation."""

from collections.abc import Callable
from dataclasses import dataclass

from dash.development.base_component import Component

from app import components
from app.pages import funnel, overview, predict
from app.scene import Scene


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        path: where it lies.
        name: its entry in the navigation and its heading.
        group: the part of the navigation that it stands in.
        icon: a file of assets/icons.
        layout: builds it.
        has_period: whether it follows the date range and the comparison of the header.
    """

    path: str
    name: str
    group: str
    icon: str
    layout: Callable[[Scene], Component]
    has_period: bool = True


PAGES = (
    Page("/", "Overview", "Behaviour", "overview", overview.layout),
    Page("/funnel", "Funnel", "Behaviour", "funnel", funnel.layout),
    Page("/predict", "Predict", "Model", "predict", predict.layout, has_period=False),
)


def find(path: str | None) -> Page | None:
    """Return the page that lies at a path."""
    wanted = "/" + (path or "").strip("/")
    return next((page for page in PAGES if page.path == wanted), None)


def render(path: str | None, scene: Scene) -> Component:
    """Build the page at a path, or say that there is none."""
    page = find(path)
    if page is None:
        nothing = components.empty("There is no page here", "The navigation lists every page.", identity="site-missing")
        return components.page("Not found", "The address may be mistyped.", [nothing])
    has_data = scene.publication is not None and scene.publication.first_day is not None
    if page.has_period and not has_data:
        return components.page(
            page.name, "No data yet", [nothing_published() if scene.publication is None else no_events()]
        )
    try:
        return page.layout(scene)
    except Exception:
        sorry = components.failure("This page could not be drawn", "The other pages are not affected.")
        return components.page(page.name, "Something went wrong", [sorry])


def nothing_published() -> Component:
    """Say that the lake has nothing to show, and what to do."""
    why = (
        "This lake has no published tables. Land files and run the pipeline; this page fills by itself once it is done."
    )
    return components.empty("Nothing is published yet", why, "lakehouse sample\nlakehouse run", identity="site-empty")


def no_events() -> Component:
    """Say that what is published holds no event, and where to look."""
    why = "The tables of this lake are published and hold no event: none landed, or all were refused."
    return components.empty("There are no events yet", why, "lakehouse receipts", identity="site-no-events")
