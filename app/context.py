"""app.context — what a page is drawn from: one publication, the reader's choices, the palette, and the model."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from app import wording
from app.data.cache import AnswerCache, Rows
from app.data.publication import Publication, Published
from app.data.query import Query, Statement
from app.jobs.desk import Desk
from app.params import Params
from app.periods import Period, Window, window
from app.theme import LIGHT, Palette
from ml.serving.scorer import Scorer

HISTORY = timedelta(days=28)  # after the first day of a lake; until then a returning visitor often counts as new


@dataclass(frozen=True)
class PageContext:
    """Everything a page may show. Its cards take the same publication, so that they agree.

    Attributes:
        lake: the publications of the lake that is shown.
        publication: the one that is shown, None while there is none.
        params: what the reader chose.
        answers: answers that are kept.
        palette: the colours of charts.
        over: the days that queries mean instead of those shown.
        desk: the jobs of the site.
        preset: the site's own lake.
    """

    lake: Published
    publication: Publication | None
    params: Params
    answers: AnswerCache
    palette: Palette = LIGHT
    over: Period | None = None
    desk: Desk | None = None
    preset: Published | None = None

    @property
    def published(self) -> Publication:
        """The publication of a card that is only drawn where there is one."""
        assert self.publication is not None
        return self.publication

    @cached_property
    def window(self) -> Window:
        """The days that the range means in this publication."""
        shown = self.published
        assert shown.first_day is not None and shown.last_day is not None and shown.newest_day is not None
        is_compared = self.params["compare"] != "none"
        return window(self.params["range"], is_compared, shown.first_day, shown.last_day, shown.newest_day)

    @property
    def period(self) -> Period:
        """The days that queries mean."""
        return self.over or self.window.current

    @property
    def previous(self) -> "PageContext | None":
        """The same for the previous period; None where nothing is compared."""
        return self.within(self.window.previous) if self.window.previous else None

    def within(self, period: Period) -> "PageContext":
        """Return the same for other days."""
        return replace(self, over=period)

    @property
    def whole(self) -> "PageContext":
        """The same for all visits, whatever segment and category are chosen."""
        kept = [(name, value) for name, value in self.params.items() if name not in ("segment", "category")]
        return replace(self, params=Params(self.params.declared.values(), kept))

    @property
    def is_new(self) -> bool | None:
        """Whether only first visits of visitors are meant, or only later ones; None for all."""
        return {"all": None, "new": True, "returning": False}[self.params["segment"]]

    @property
    def category(self) -> int | None:
        """The root category of entry that is meant; None for all."""
        return int(self.params["category"]) if self.params["category"] else None

    @property
    def is_part(self) -> bool:
        """Whether a segment or a category of entry is chosen."""
        return self.is_new is not None or self.category is not None

    def ask(self, query: Query) -> Rows:
        """Return the rows that answer a question. They are shared: nobody may change them."""
        statement = query(self)
        return self.answers.get(self._key(statement), lambda: self._run(statement, statement.sql))

    def first(self, query: Query, number: int) -> tuple[Rows, int]:
        """Return the first rows that answer a question that may have very many, and how many there are."""
        statement = query(self)
        count = f"SELECT count(*) AS number FROM ({statement.sql})"
        counted = self.answers.get((self._key(statement), "count"), lambda: self._run(statement, count))
        return self.head(query, number), counted[0]["number"]

    def head(self, query: Query, number: int) -> Rows:
        """Return the first rows that answer a question that may have very many."""
        statement = query(self)
        head = f"FROM ({statement.sql}) LIMIT {number}"
        return self.answers.get((self._key(statement), number), lambda: self._run(statement, head))

    def _key(self, statement: Statement) -> tuple[object, ...]:
        keys = self.published.keys
        tables = tuple(str(keys.get(name, name)) for name in statement.tables)
        return tables, statement.sql, tuple(statement.parameters.items())

    def _run(self, statement: Statement, sql: str) -> Rows:
        return self.published.rows(sql, **statement.parameters)

    def subtitle(self, is_compared: bool) -> str:
        """Return the days shown, in words, and those they are compared with if they are."""
        period, previous = self.window.current, self.window.previous if is_compared else None
        against = f", against {wording.span(previous)}" if previous else ""
        if is_compared and self.params["compare"] != "none" and previous is None:
            against = ", no whole period before it"
        first = self.published.first_day
        history = ""
        if self.is_new is not None and first is not None and period.start < first + HISTORY:
            history = f" · history starts on {wording.day(first)}: many count as new that are not"
        complete, filling = self.published.last_day, ""
        if complete is not None and period.end > complete:
            day = wording.short_day(period.end)
            filling = f" · {day} is incomplete: leave it out to compare"
        return f"{wording.span(period)} · {wording.days(period.days)}{against} · days in UTC{filling}{history}"

    @cached_property
    def model(self) -> Scorer | None:
        """The registered champion, None while there is none."""
        return self.lake.serving.model
