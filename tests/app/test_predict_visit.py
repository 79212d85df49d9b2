"""A visit that is built event by event: what the form means, and that the page says what the model does."""

from datetime import UTC, datetime

import pytest

from app import pages
from app.pages.predict import visit, visit_form
from app.pages.predict.visit_form import DEFAULT, Step
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
    meant = visit_form.visit_of(DEFAULT, 12, "Monday", "new", NEWEST)
    assert meant.events == [
        Event("view", MONDAY_NOON, -1),
        Event("view", MONDAY_NOON + 40_000, -2),
        Event("addtocart", MONDAY_NOON + 65_000, -2),
    ]
    assert meant.past == Past()


def test_who_bought_before_did_so_a_day_before():
    meant = visit_form.visit_of(DEFAULT, 12, "Monday", "buyer", NEWEST)
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
        visit_form.visit_of([*DEFAULT, step], 12, "Monday", "new", NEWEST)
    assert error.value.code == Exit.USAGE


def test_a_click_adds_takes_out_or_begins_anew():
    added = visit_form.changed(DEFAULT, "predict-add-addtocart", " b ", 7)
    assert added[-1] == Step("addtocart", "B", 7.0)
    assert visit_form.changed(added, {"type": "predict-remove", "place": 0}, "A", 1) == added[1:]
    assert visit_form.changed(added, "predict-clear", "A", 1) == []
    many = [Step("view", "A", 1)] * visit_form.MOST_EVENTS
    assert visit_form.changed(many, "predict-add-view", "A", 1) == many


def test_the_page_says_what_the_model_does_after_each_event(context, sample_lake):
    model = champion(settings_of(sample_lake))
    points = describe(visit_form.visit_of(DEFAULT, 17, "Wednesday", "new", NEWEST), NOTHING_KNOWN)
    chances = [f"{100 * chance:.2f}" for chance in model.score(points)]
    words = text(visit.answer(context, DEFAULT, 17, "Wednesday", "new"))
    assert f"From {chances[0]}% after the first event" in words
    assert f"1. view item A {chances[0]}%" in words
    assert "Sum: the score" in words


def test_an_empty_visit_and_one_of_many_kinds_of_wrong_say_so(context):
    assert "A visit has 1 to 1,000 events" in text(visit.answer(context, [], 17, "Wednesday", "new"))
    wrong = [*DEFAULT, Step("view", "?", 3)]
    assert "is no item" in text(visit.answer(context, wrong, 17, "Wednesday", "new"))


@pytest.mark.parametrize("share", [0, 50, 100])
def test_what_if_says_the_models_answer_at_the_sliders_place(context, share):
    model = context.model
    point = describe(visit_form.visit_of(DEFAULT, 17, "Wednesday", "new", NEWEST), NOTHING_KNOWN)[-1]
    known = next(each for each in model.inputs if each.name == "num_views")
    value = known.low + (known.high - known.low) * share / 100 if share else point["num_views"]
    chance = model.score([{**point, "num_views": value}])[0]
    words = text(visit.what_if(model, point, "num_views", share))
    assert (f"{100 * chance:.1f}%" in words or f"{100 * chance:.2f}%" in words) == bool(share)
    assert ("move the slider" in words) == (share == 0)


def test_what_nobody_knows_of_the_visit_waits_for_the_slider(context):
    point = describe(visit_form.visit_of(DEFAULT, 17, "Wednesday", "new", NEWEST), NOTHING_KNOWN)[-1]
    assert "nothing is known here" in text(visit.what_if(context.model, point, "price", 0))
