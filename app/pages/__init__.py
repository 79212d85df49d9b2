"""The pages of the site: each a folder here whose `page.py` declares `page`. Nobody edits a list to add one."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from dash import Dash, html
from dash.development.base_component import Component

from app import params as site_params
from app.components.card import Card
from app.components.parts import link, state
from app.context import PageContext
from app.data.query import Query
from app.params import Param, Params
from lakehouse.errors import LakehouseError

GROUPS = ("Behaviour", "Model", "Lake", "Help")


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        path: where it lies; its name in ids is that without the slash, `overview` for the root.
        name: its entry in the navigation and its heading.
        group: the part of the navigation that it stands in, one of GROUPS.
        icon: a file of assets/icons.
        about: what it shows, in a sentence.
        cards: its cards, in their order.
        params: its own parameters.
        place: where it stands in its group.
        filters: names of the header's filters that it follows; without `range` it names no days.
        content: builds the whole page instead of cards.
        register: wires callbacks of its own.
    """

    path: str
    name: str
    group: str
    icon: str
    about: str
    cards: Sequence[Card] = ()
    params: Sequence[Param] = ()
    place: int = 50
    filters: tuple[str, ...] = ("range", "compare", "segment", "category")
    content: Callable[[PageContext], Component] | None = None
    register: Callable[[Dash, Callable[[str | None], PageContext]], None] | None = field(default=None)

    @property
    def slug(self) -> str:
        """Its name in ids."""
        return self.path.strip("/") or "overview"

    def layout(self, context: PageContext) -> Component:
        """Build the page: heading, and the frames of its cards."""
        heading = html.Div(
            [html.H1(self.name), html.P("\N{NO-BREAK SPACE}", id="site-subtitle", className="muted")],
            className="page-heading",
        )
        body = (
            self.content(context)
            if self.content
            else html.Div([card.frame(self.slug, context.params) for card in self.cards], className="cards")
        )
        return html.Div([heading, body], className="page", id=f"page-{self.slug}")


@cache
def all_pages() -> tuple[Page, ...]:
    """Find the pages, in the order of the navigation."""
    names = [f"{__name__}.{info.name}.page" for info in pkgutil.iter_modules(__path__) if info.ispkg]
    found = [importlib.import_module(name).page for name in names]
    return tuple(sorted(found, key=lambda page: (GROUPS.index(page.group), page.place, page.name)))


@cache
def all_queries() -> dict[str, Query]:
    """Find the questions that pages ask, by name."""
    names = [f"{__name__}.{info.name}" for info in pkgutil.iter_modules(__path__) if info.ispkg]
    modules = [
        importlib.import_module(f"{name}.queries") for name in names if importlib.util.find_spec(f"{name}.queries")
    ]
    found = [each for module in modules for each in vars(module).values() if isinstance(each, Query)]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


@cache
def all_params() -> tuple[Param, ...]:
    """Return every parameter: the site's, then the pages' own."""
    return (*site_params.SITE, *[param for page in all_pages() for param in page.params])


@cache
def all_columns() -> dict[str, tuple[str, ...]]:
    """Return which columns of which tables the pages ask for."""
    columns: dict[str, set[str]] = {}
    for each in all_queries().values():
        for table, names in each.reads.items():
            columns.setdefault(table, set()).update(names)
    return {table: tuple(sorted(names)) for table, names in columns.items()}


def parse(query: str | None) -> Params:
    """Read a query string by every declared parameter."""
    return site_params.parse(query, all_params())


def find(path: str | None) -> Page | None:
    """Return the page that lies at a path."""
    wanted = "/" + (path or "").strip("/")
    return next((page for page in all_pages() if page.path == wanted), None)


def missing() -> Component:
    """Say that there is no page at an address."""
    nothing = state("There is no page here", "The navigation lists every page.", identity="site-missing")
    heading = html.Div(
        [html.H1("Not found"), html.P("The address may be mistyped.", className="muted")], className="page-heading"
    )
    return html.Div([heading, html.Section(nothing, className="card span-12")], className="page")


def refused(page: Page | None, error: LakehouseError) -> Component:
    """Say why an address cannot be shown, and what can."""
    way = link("Show the newest run", page.path if page else "/", className="more")
    heading = html.Div(html.H1(page.name if page else "Not found"), className="page-heading")
    words = state("This link cannot be shown", error.message)
    return html.Div([heading, html.Section([words, way], className="card span-12")], className="page")
