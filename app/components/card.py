"""components.card — a card: a finding as title, what was counted, a chart, its source; drawn by a callback of its own.

The frame stands still: menu, controls and retry keep their focus while the card's body is replaced. A card that fails
says so in a sentence, and the rest of the page lives.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components.parts import aria, data, scrolling, state
from app.context import PageContext
from app.data.query import Query
from app.data.saved import Note
from app.data.tables import OlderRelease
from app.params import Params
from lakehouse.errors import LakehouseError
from lakehouse.storage.ledger import now

SEGMENTED = ("segment", "category")

log = logging.getLogger("app")


@dataclass(frozen=True)
class Drawn:
    """What a card shows.

    Attributes:
        title: the finding, a sentence.
        subtitle: metric, unit, grain and window.
        body: the chart, or what stands in its place.
        legend: what the marks mean.
        table: the same numbers to read, behind "Show as table".
        footer: instead of table and version, where the card shows no table.
        source: the table it shows, where a choice decides which; else the first that the card reads.
    """

    title: str
    subtitle: str
    body: Component | str | Sequence[Component | str]
    legend: Component | None = None
    table: Component | None = None
    footer: str = ""
    source: str = ""


@dataclass(frozen=True)
class Card:
    """A card of a page.

    Attributes:
        name: what it shows; its id is `<page>-<name>`.
        draw: draws it.
        reads: the tables it shows; the first is named in its foot.
        params: names of the parameters that it heeds.
        columns: how many of the page's twelve it takes.
        rows: how many rows of cards it is high.
        height: pixels of its body while it waits for the first time.
        query: the question whose rows its menu offers.
        controls: builds its own controls.
        is_plain: whether it has neither frame nor menu, as a row of key figures.
        needs_data: whether it has nothing to say before a publication with events.
        of_model: whether it shows the registered model, so that a promotion changes it.
    """

    name: str
    draw: Callable[[PageContext], Drawn | Component]
    reads: tuple[str, ...] = ()
    params: tuple[str, ...] = ("range", "compare", "segment", "category")
    columns: int = 12
    height: int = 320
    query: Query | None = None
    controls: Callable[[Params], Component] | None = field(default=None)
    rows: int = 1
    is_plain: bool = False
    needs_data: bool = True
    of_model: bool = False

    def key(self, page: str, context: PageContext) -> str:
        """Return what the card depends on: as long as it is the same, nothing is drawn anew."""
        shown = context.publication
        keys = [str(shown.keys.get(name, "")) for name in self.reads] if shown else []
        days = (shown.last_day, shown.newest_day) if shown and self.needs_data else None
        run = shown.run.number if shown and not self.reads else 0
        values = [context.params[name] for name in (*self.params, "lake", "run")]
        names = context.lake.serving.names if self.of_model else ""
        return repr((keys, days, run, values, self.notes(page, context), context.palette.scheme, bool(shown), names))

    def notes(self, page: str, context: PageContext) -> list[Note]:
        """Return the notes that readers left on the card."""
        return context.lake.saved.notes(f"{page}-{self.name}") if self.query else []

    def frame(self, page: str, params: Params) -> Component:
        """Build what stands still, with a skeleton where the body will be."""
        identity = f"{page}-{self.name}"
        waiting = html.Div(className="skeleton", style={"minHeight": self.height})
        body = html.Div(waiting, id=f"{identity}-body", className="card-content")
        retry = html.Button("Try again", id=f"{identity}-retry", type="button", className="retry")
        if self.is_plain:
            return html.Section([body, retry], id=identity, className=f"plain span-{self.columns}")
        parts: list[Component] = [
            body,
            *([html.Div(self.controls(params), className="card-controls")] if self.controls else []),
        ]
        parts += [menu(identity, self.query)] if self.query else []
        return html.Section(
            html.Figure([*parts, retry]), id=identity, className=f"card span-{self.columns} rows-{self.rows}"
        )

    def content(self, page: str, context: PageContext) -> Component:
        """Draw the body, or say in a sentence why not."""
        try:
            if self.needs_data and (context.publication is None or context.published.first_day is None):
                return nothing_yet(context)
            drawn = self.draw(context)
            return self._lay_out(drawn, self.notes(page, context), context) if isinstance(drawn, Drawn) else drawn
        except OlderRelease as missing:
            if context.lake.settings.lake.borrows:  # a reader's dataset, whose first page is built first
                return state("Not built yet", "The rest of this dataset is being built. This card comes by itself.")
            return state("Not in this lake yet", missing.message, missing.remedy)
        except LakehouseError as error:
            return state("This card cannot be drawn", error.message, error.remedy, kind="failed")
        except Exception:
            identity = uuid4().hex[:8]
            log.exception("Error %s: card %s-%s.", identity, page, self.name)
            why = f"The rest of the page is not affected. The log of the site has the reason under {identity}."
            return state("This card could not be drawn", why, kind="failed")

    def _lay_out(self, drawn: Drawn, noted: Sequence[Note], context: PageContext) -> Component:
        subtitle = drawn.subtitle + self._not_applied(context)
        caption = html.Figcaption([html.H2(drawn.title), html.P(subtitle, className="muted")])
        source = drawn.footer or (self._source(drawn.source, context) if self.reads else "")
        foot: list[Component] = [html.Span(source, className="source")] if source else []
        if drawn.table is not None:
            content = scrolling(drawn.table, "The same numbers as a table")
            foot.append(html.Details([html.Summary("Show as table"), content]))
        parts = [caption, *([drawn.legend] if drawn.legend else []), html.Div(drawn.body, className="card-body")]
        parts += [notes(noted)] if noted else []
        return html.Div([*parts, *([html.Div(foot, className="card-foot")] if foot else [])], className="drawn")

    def _not_applied(self, context: PageContext) -> str:
        """Say which choice of the header cannot apply here."""
        words = {"segment": "segment", "category": "category of entry"}
        declared = context.params.declared
        passed = [
            words[name]
            for name in SEGMENTED
            if name not in self.params and context.params[name] != declared[name].default
        ]
        return f" · the {' and the '.join(passed)} cannot apply here" if passed else ""

    def _source(self, table: str, context: PageContext) -> str:
        """Say which table, which version and which run the card shows."""
        built, name = wording.clock_time(context.published.built_at, now()), table or self.reads[0]
        return f"{name} · v{context.published.versions.get(name, '–')} · run of {built}"


def menu(identity: str, query: Query) -> Component:
    """Offer the rows of a card; the browser takes the choices from the address."""
    items = [("csv", "Download CSV"), ("png", "Download PNG"), ("sql", "Show the SQL"), ("link", "Copy link")]
    items += [("frozen", "Copy link to this version"), ("note", "Add a note")]
    buttons = [
        html.Li(html.Button(words, type="button", **data(menu=act, query=query.name, card=identity)))
        for act, words in items
    ]
    summary = html.Summary(html.Span("⋯", **aria(hidden="true")), title="More", **aria(label="Download, SQL and links"))
    return html.Details([summary, html.Ul(buttons)], className="menu")


def notes(found: Sequence[Note]) -> Component:
    """List what readers noted, each with a button that removes it."""
    items = []
    for each in found:
        label = aria(label=f"Remove the note of {wording.day(each.day)}")
        remove = html.Button("×", type="button", className="remove", **data(note=str(each.id)), **label)
        day = html.Time(wording.day(each.day), dateTime=each.day.isoformat())
        items.append(html.Li([day, html.Span(each.words), remove]))
    return html.Ol(items, className="notes", **aria(label="Notes"))


def nothing_yet(context: PageContext) -> Component:
    """Say that the lake has nothing to show, and what to do."""
    problem = context.lake.problem
    if problem:
        return state("The newest publication cannot be read", problem, "lakehouse doctor", kind="failed")
    if context.publication is None:
        why = (
            "This lake has no published tables. Land files and run the pipeline; this page fills by "
            "itself once it is done."
        )
        return state("Nothing is published yet", why, "lakehouse sample\nlakehouse run")
    why = "The tables of this lake are published and hold no event: none landed, or all were refused."
    return state("There are no events yet", why, "lakehouse receipts")
