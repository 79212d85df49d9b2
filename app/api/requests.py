"""api.requests — what may be asked for a score or for recommendations, checked by pydantic; OpenAPI takes the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, ValidationError

from lakehouse.errors import Exit, LakehouseError
from ml.recommend.rank import Filters
from ml.serving.visit import BOUNDS_MS, GREATEST_ID, Event, Past, Visit

MOST_ROWS = 1000  # of a request: rows, visits, or the events of visits that are scored after each
MOST_EVENTS = 10_000  # of visits that are scored after the latest
MOST_ITEMS = 1000
MOST_TOLD = 5  # mistakes of a request

Asked = TypeVar("Asked", bound=BaseModel)
Id = Annotated[int, Field(ge=0, le=GREATEST_ID)]
Instant = Annotated[int, Field(ge=BOUNDS_MS[0], lt=BOUNDS_MS[1], description="epoch milliseconds")] | AwareDatetime
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Feature = bool | FiniteFloat | None


def _ids(value: Any) -> Any:
    """Take ids with commas between them, as the command line does."""
    return [each for each in value.replace(" ", "").split(",") if each] if isinstance(value, str) else value


Ids = Annotated[list[Id], BeforeValidator(_ids), Field(max_length=MOST_ITEMS)]


class Checked(BaseModel):
    """A part of a request, which may hold nothing that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class VisitEvent(Checked):
    """One event of a visit, before any purchase."""

    kind: Literal["view", "addtocart"]
    at: Instant = Field(description="when: epoch milliseconds, or ISO 8601 with a zone")
    item_id: Annotated[int, Field(ge=-GREATEST_ID, le=GREATEST_ID)] | None = Field(
        None, description="the item; a negative number is one that the shop does not have"
    )
    category_id: Id | None = Field(None, description="the category of an item that the shop does not have")

    def to_event(self) -> Event:
        """Return it as the model's code path takes it."""
        return Event(self.kind, _millis(self.at), self.item_id, self.category_id)


class VisitorsPast(Checked):
    """What the visitor did in earlier visits."""

    num_visits: Count = Field(ge=1)
    num_adds: Count = 0
    num_purchases: Count = 0
    ended_at: Instant = Field(description="when the latest of them ended")


class VisitSoFar(Checked):
    """The events of a visit so far, and whose it is: a visitor of the lake, one with a past, or a new one."""

    events: list[VisitEvent] = Field(min_length=1, max_length=MOST_ROWS)
    visitor_id: Id | None = Field(None, description="a visitor of the lake, whose earlier visits are looked up")
    past: VisitorsPast | None = Field(None, description="instead of an id; without both the visitor is new")

    def to_visit(self) -> Visit:
        """Return it as the model's code path takes it."""
        given = self.past
        past = Past(given.num_visits, given.num_adds, given.num_purchases, _millis(given.ended_at)) if given else Past()
        return Visit([each.to_event() for each in self.events], past, self.visitor_id)


class ScoreRequest(Checked):
    """Decision points as rows of features, or visits as their events so far: one of both."""

    rows: list[dict[str, Feature]] | None = Field(
        None, min_length=1, max_length=MOST_ROWS, description="columns of gold.intent_examples that the model reads"
    )
    visits: list[VisitSoFar] | None = Field(None, min_length=1, max_length=MOST_ROWS)
    explain: bool = Field(False, description="whether to tell what each feature adds to the log-odds")
    every_event: bool = Field(False, description="whether to score visits after every event instead of the latest")


class RecommendationsRequest(Checked):
    """For whom: a visit by its items, an item, or a visitor; and what the list may hold."""

    items: Ids | None = Field(None, description="items that a visit looked at, the newest last: 355908,45093")
    item: Id | None = Field(None, description="the one item that is looked at")
    visitor: Id | None = Field(None, description="a visitor who is gone: recommend by the last visit")
    exclude: Ids = Field([], description="items that are not wanted")
    category: Ids = Field([], description="only of these categories, or below")
    min_price: FiniteFloat | None = Field(None, ge=0, description="only from this price on")
    max_price: FiniteFloat | None = Field(None, ge=0, description="only up to this price")
    known_available: bool = Field(False, description="only what is known to be available")
    lake: str = Field("", description="the dataset; empty is the site's own lake")

    @property
    def filters(self) -> Filters:
        """What the list may hold."""
        chosen = frozenset(self.exclude), frozenset(self.category)
        return Filters(*chosen, self.min_price, self.max_price, self.known_available)


def read_json(kind: type[Asked], body: bytes) -> Asked:
    """Read a request from JSON.

    Raises:
        LakehouseError: it is none of its kind (exit code 2); the message says where and why.
    """
    try:
        return kind.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise _refused(error) from None


def read_arguments(kind: type[Asked], given: Mapping[str, list[str]]) -> Asked:
    """Read a request from an address; an argument that is given twice counts as a list.

    Raises:
        LakehouseError: it is none of its kind (exit code 2); the message says where and why.
    """
    try:
        return kind.model_validate({name: ",".join(values) for name, values in given.items()})
    except ValidationError as error:
        raise _refused(error) from None


def _refused(error: ValidationError) -> LakehouseError:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(str(part) for part in each['loc']) or 'the request'}: {_lower(each['msg'])}" for each in found]
    more = f", and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    message = f"This cannot be asked. {'; '.join(told[:MOST_TOLD])}{more}."
    return LakehouseError(message, "GET /api/v1/openapi.json describes what can, with examples", Exit.USAGE)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _millis(at: int | datetime) -> int:
    return at if isinstance(at, int) else round(at.timestamp() * 1000)
