"""A visit that is built event by event: what the form means, and that the page says what the model does."""

from datetime import UTC, datetime

import pytest

from app import pages, wording
from app.pages.predict import steps as rows_of
from app.pages.predict import visit, what_if
from app.pages.predict.steps import DEFAULT, MOST_EVENTS, Origin, Step
from app.site import Site
from lakehouse.errors import Exit, LakehouseError
from ml.serving.scorer import champion
from ml.serving.visit import NOTHING_KNOWN, Event, Past, describe

from ..conftest import settings_of
from .test_predict import text

NEWEST = datetime(2015, 9, 18, tzinfo=UTC)  # a Friday
MONDAY_NOON = int(datetime(2015, 9, 14, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def context(sample_lake):
    site = Site(settings_of(sample_lake))
    site.lakes[""].refresh()
    return site.context(pages.parse(""))


def test_the_form_means_the_newest_such_hour_of_such_a_weekday():
    meant = rows_of.visit_of(DEFAULT, 12, "Monday", "new", NEWEST)
    assert meant.events == [
        Event("view", MONDAY_NOON, -1),
        Event("view", MONDAY_NOON + 40_000, -2),
        Event("addtocart", MONDAY_NOON + 65_000, -2),
    ]
    assert meant.past == Past()


def test_who_bought_before_did_so_a_day_before():
    meant = rows_of.visit_of(DEFAULT, 12, "Monday", "buyer", NEWEST)
    assert meant.past == Past(1, 1, 1, MONDAY_NOON - 86_400_000)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step("view", "A", 1801), "a longer pause begins another visit"),
        (Step("view", "A", -1), "from 0 to 1,800 s"),
        (Step("view", "ä", 1), "is no item"),
        (Step("view", "12x", 1), "is no item"),
    ],
)
def test_what_is_no_visit_is_a_sentence(step, words):
    with pytest.raises(LakehouseError, match=words) as error:
        rows_of.visit_of([*DEFAULT, step], 12, "Monday", "new", NEWEST)
    assert error.value.code == Exit.USAGE


def test_a_click_adds_takes_out_moves_or_begins_anew():
    added = rows_of.changed(DEFAULT, "predict-add-addtocart", rows_of.next_step(" b ", "", 7))
    assert added[-1] == Step("addtocart", "B", 7.0)
    assert rows_of.changed(added, {"type": "predict-remove", "place": 0}, DEFAULT[0]) == added[1:]
    assert rows_of.changed(added, "predict-clear", DEFAULT[0]) == []
    many = [Step("view", "A", 1)] * MOST_EVENTS
    assert rows_of.changed(many, "predict-add-view", DEFAULT[0]) == many


def test_an_event_that_is_moved_leaves_the_pauses_where_they_are():
    up = rows_of.changed(DEFAULT, {"type": "predict-move", "place": 2, "by": -1}, DEFAULT[0])
    assert up == [Step("view", "A", 0), Step("addtocart", "B", 40), Step("view", "B", 25)]
    assert rows_of.changed(up, {"type": "predict-move", "place": 1, "by": 1}, DEFAULT[0]) == DEFAULT
    assert rows_of.moved(DEFAULT, 0, -1) == DEFAULT
    assert rows_of.moved(DEFAULT, 2, 1) == DEFAULT


@pytest.mark.parametrize(
    ("item", "category", "about"),
    [("", "1016", (None, 1016)), ("b", "1016", (-2, 1016)), ("7", "", (7, None)), ("", "", (-1, None))],
)
def test_an_event_is_about_an_item_a_category_or_a_made_up_item_of_a_category(item, category, about):
    steps = [rows_of.next_step(item, category, 0)]
    (event,) = rows_of.visit_of(steps, 12, "Monday", "new", NEWEST).events
    assert (event.item_id, event.category_id) == about


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step("view", "7", 1, "1016"), "Item 7 of the shop has a category of its own"),
        (Step("view", "", 1, "x"), "'x' is no category"),
    ],
)
def test_a_category_that_cannot_be_is_a_sentence(step, words):
    with pytest.raises(LakehouseError, match=words):
        rows_of.visit_of([step], 12, "Monday", "new", NEWEST)


def test_a_visit_that_took_place_keeps_its_start_and_its_visitor():
    meant = rows_of.visit_of(DEFAULT, 12, "Monday", "buyer", NEWEST, Origin(1_000_000, 5, ""))
    assert (meant.events[0].millis, meant.visitor_id, meant.past) == (1_000_000, 5, Past())
    unknown = rows_of.visit_of(DEFAULT, 12, "Monday", "buyer", NEWEST, Origin(100_000_000, None, ""))
    assert (unknown.visitor_id, unknown.past.num_purchases) == (None, 1)


@pytest.mark.parametrize("kept", [None, "x", {"start": True}, {"start": -1}, {"visitor": 1}, {"start": 1.5}])
def test_nothing_that_the_browser_kept_is_trusted(kept):
    assert rows_of.read_origin(kept) is None
    assert rows_of.read_steps([kept, ["view", "A", True], ["buy", "A", 1], ["view", "A", 1]]) == [Step("view", "A", 1)]


@pytest.mark.parametrize(("kept", "place"), [(None, 3), (0, 3), (2, 2), (9, 3), (True, 3), ("1", 3)])
def test_the_latest_event_is_looked_at_unless_somebody_stepped_to_another(kept, place):
    assert rows_of.read_place(kept, 3) == place


def test_the_page_says_what_the_model_does_after_each_event(context, sample_lake):
    model = champion(settings_of(sample_lake))
    points = describe(rows_of.visit_of(DEFAULT, 17, "Wednesday", "new", NEWEST), NOTHING_KNOWN)
    chances = [f"{100 * chance:.2f}" for chance in model.score(points)]
    words = text(visit.answer(context, DEFAULT, 17, "Wednesday", "new"))
    assert f"From {chances[0]}% after the first event" in words
    assert f"1. view item A {chances[0]}%" in words
    assert "Sum: the score" in words


def test_an_empty_visit_and_one_of_many_kinds_of_wrong_say_so(context):
    assert "A visit has 1 to 1,000 events" in text(visit.answer(context, [], 17, "Wednesday", "new"))
    wrong = [*DEFAULT, Step("view", "?", 3)]
    assert "is no item" in text(visit.answer(context, wrong, 17, "Wednesday", "new"))


def test_the_cards_are_those_of_the_event_that_is_looked_at(context):
    model = context.model
    points = describe(rows_of.visit_of(DEFAULT, 17, "Wednesday", "new", NEWEST), NOTHING_KNOWN)
    for place, chance in enumerate(model.score(points), 1):
        words = text(visit.answer(context, DEFAULT, 17, "Wednesday", "new", None, place)[0])
        assert f"later in this visit: {100 * chance:.2f}%" in words or f"{100 * chance:.1f}%" in words


def test_the_what_if_curve_holds_the_models_answer_for_every_place_of_the_slider(context):
    model = context.model
    point = describe(rows_of.visit_of(DEFAULT, 17, "Wednesday", "new", NEWEST), NOTHING_KNOWN)[-1]
    found = what_if.curve(model, point, "num_views")
    known = next(each for each in model.inputs if each.name == "num_views")
    assert (found["values"][0], found["values"][-1]) == (known.low, known.high)
    for place in (0, 50, 100):
        chance = float(model.score([{**point, "num_views": found["values"][place]}])[0])
        assert found["chances"][place] == pytest.approx(chance, abs=1e-12)
        assert wording.percent(chance) in found["titles"][place]
    assert found["here"][:2] == [2.0, float(model.score([point])[0])]
    assert abs(found["values"][found["own"]] - 2) <= (known.high - known.low) / 100


def test_what_nobody_knows_of_the_visit_waits_for_the_slider(context):
    point = describe(rows_of.visit_of(DEFAULT, 17, "Wednesday", "new", NEWEST), NOTHING_KNOWN)[-1]
    assert "nothing is known here" in what_if.curve(context.model, point, "price")["here"][2]
