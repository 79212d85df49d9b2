"""app.scene — what a page is built from: one publication, the reader's view, and the model."""

from dataclasses import dataclass
from functools import cached_property

from app import wording
from app.data import Publication
from app.view import View, Window, window
from lakehouse.settings import Settings
from ml.serving.scorer import Scorer, champion


@dataclass(frozen=True)
class Scene:
    """Everything a page may show. It is taken once per page, so that its cards agree."""

    settings: Settings
    publication: Publication | None
    view: View

    @property
    def published(self) -> Publication:
        """The publication of a page that is only built where there is one."""
        assert self.publication is not None
        return self.publication

    @cached_property
    def window(self) -> Window:
        """The days that the view means in this publication."""
        first, last = self.published.first_day, self.published.last_day
        assert first is not None and last is not None
        return window(self.view, first, last)

    @property
    def subtitle(self) -> str:
        """The days shown, in words, and those they are compared with."""
        period, previous = self.window.current, self.window.previous
        against = f", against {wording.span(previous)}" if previous else ""
        if self.view.compare and previous is None:
            against = ", no whole period before it"
        return f"{wording.span(period)} · {wording.days(period.days)}{against} · days in UTC"

    @cached_property
    def model(self) -> Scorer | None:
        """The registered champion, None while there is none."""
        return champion(self.settings)
