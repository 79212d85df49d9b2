"""Real visits on the Predict page: chosen or pasted they score as the lake's own predictions, and have neighbours."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from app import pages
from app.pages.predict import bring, nearest, pasted, real_visits, visit
from app.pages.predict.steps import MOST_EVENTS, Origin, Step
from app.site import Site
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import open_lake
from ml.serving import formula
from ml.serving.visit import NOTHING_KNOWN, Event, Visit, describe

from ..conftest import settings_of
from .test_predict import text

POINT = ["visitor_id", "started_at", "decision_point"]
START = 1_442_500_000_000


@pytest.fixture(scope="module")
def lake(sample_lake):
    return open_lake(settings_of(sample_lake))


@pytest.fixture(scope="module")
def context(sample_lake):
    site = Site(settings_of(sample_lake))
    shown = site.lakes[""]
    shown.refresh()
    shown.serving.load(shown.current().run, shown.current().keys)
    return site.context(pages.parse(""))


@pytest.fixture(scope="module")
def predicted(lake):
    """The lake's own predictions of visits with three events or more."""
    versions = lake.ledger.published().versions
    rows = lake.store.arrow("ml.predictions", versions["ml.predictions"]).to_pandas()
    several = rows[rows.groupby(POINT[:2])["decision_point"].transform("max") >= 3]
    return several.sort_values(POINT)


def test_a_visit_that_is_chosen_scores_after_each_event_as_the_lake_predicted(context, predicted):
    compared = 0
    for (visitor, started_at), of_visit in list(predicted.groupby(POINT[:2]))[:40]:
        found = real_visits.find(context.publication, int(visitor), round(started_at.timestamp() * 1000))
        points = visit.described(context, found.steps, 9, "Monday", "new", found.origin)
        scores = context.model.score(points)
        for _, row in of_visit.iterrows():
            compared += 1
            assert scores[row["decision_point"] - 1] == pytest.approx(row["probability"], abs=1e-9)
    assert compared > 100


def test_the_same_visit_pasted_as_the_sources_lines_scores_alike(context, predicted):
    row = predicted.iloc[0]
    start = round(row["started_at"].timestamp() * 1000)
    chosen = real_visits.find(context.publication, int(row["visitor_id"]), start)
    lines, at = ["timestamp,visitorid,event,itemid,transactionid"], start
    for step in chosen.steps:
        at += round(step.seconds * 1000)
        lines.append(f"{at},{row['visitor_id']},{step.kind},{step.item},")
    found = pasted.read("\n".join(lines))
    assert (found.steps, found.origin.start) == (chosen.steps, start)
    assert visit.described(context, found.steps, 9, "Monday", "new", found.origin) == visit.described(
        context, chosen.steps, 9, "Monday", "new", chosen.origin
    )


def test_visits_of_the_newest_whole_day_are_offered_and_those_of_a_visitor_whatever_their_day(context, predicted):
    offered = real_visits.offer(context.publication, "")
    days = {datetime.fromtimestamp(real_visits.read_name(each["value"])[1] / 1000, UTC).date() for each in offered}
    assert days == {context.publication.last_day}
    oldest = predicted.sort_values("started_at").iloc[0]
    (first, *_) = real_visits.offer(context.publication, str(oldest["visitor_id"]))
    assert first["label"].startswith(f"{oldest['visitor_id']} · ")
    assert real_visits.offer(context.publication, "99999999999999") == []


def test_a_visit_at_random_has_several_events(context):
    found = [bring.brought(context, "predict-random", "", "") for _ in range(5)]
    assert all(each.origin.visitor is not None for each in found)
    assert any(len(each.steps) >= 2 for each in found)


@pytest.mark.parametrize("name", ["", "1", "1-x", "1-99999999999999999", "-1-5", "1-2-3"])
def test_a_choice_that_is_no_visit_is_a_sentence(context, name):
    with pytest.raises(LakehouseError, match=r"no visit of this lake|no such visit") as error:
        bring.brought(context, "predict-pick", name, "")
    assert error.value.code == Exit.USAGE


def test_short_lines_are_taken_by_their_order_and_a_purchase_ends_them():
    lines = f"{START + 40_000},addtocart,7\n\n{START},view,7.0\n{START + 90_000},transaction,7\n{START + 95_000},view,8"
    found = pasted.read(lines)
    assert found.steps == [Step("view", "7", 0), Step("addtocart", "7", 40)]
    assert found.origin.start == START
    assert found.origin.visitor is None
    assert found.origin.told == "A visit, 17 Sep 2015 14:26:40 UTC. It bought after 2 events."


def test_instants_may_be_iso_and_columns_in_any_order():
    found = pasted.read("event,itemid,timestamp\nview,7,2015-09-17T14:26:40Z\nview,8,2015-09-17T14:26:41.5+00:00\n")
    assert [each.seconds for each in found.steps] == [0, 1.5]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "Nothing is pasted"),
        ("timestamp,event\n1,view", "The header has no itemid"),
        ("timestamp,event,itemid", "no line behind the header"),
        (f"{START},view", "Line 1 has 2 fields, not 5"),
        (f"{START},buy,7", "Line 1: 'buy' is none of view"),
        ("yesterday,view,7", "Line 1: 'yesterday' is no instant"),
        ("2015-09-17T14:26:40,view,7", "is no instant"),
        (f"{START}000,view,7", "is no instant"),
        (f"{START},view,x", "'x' is no item"),
        (f"{START},1,view,7,\n{START + 9},2,view,7,", "Line 2 is of another visitor than line 1"),
        (f"{START},view,7\n{START + 1_800_001},view,7", "Line 2 comes more than 30 minutes after"),
        (f"{START},transaction,7", "begins with its purchase"),
        ("x" * 100_001, "a visit has up to 100,000"),
    ],
)
def test_lines_that_hold_no_single_visit_are_refused_in_a_sentence_that_names_the_line(lines, words):
    with pytest.raises(LakehouseError, match=words) as error:
        pasted.read(lines)
    assert error.value.code == Exit.USAGE


def test_a_pause_of_exactly_thirty_minutes_is_of_the_same_visit():
    assert len(pasted.read(f"{START},view,7\n{START + 1_800_000},view,7").steps) == 2


def test_of_a_very_long_visit_the_first_events_stand_there_and_that_is_said():
    found = pasted.read("\n".join(f"{START + place},view,{place}" for place in range(MOST_EVENTS + 1)))
    assert len(found.steps) == MOST_EVENTS
    assert "It held 101 events and no purchase. The first 100 stand here." in found.origin.told


def test_the_nearest_visits_are_those_that_plain_numbers_find(context, lake):
    model, publication = context.model, context.publication
    points = describe(Visit([Event("view", START, -1), Event("addtocart", START + 40_000, -1)]), NOTHING_KNOWN)
    since = publication.last_day - timedelta(days=27)
    found = nearest.ask(context, model, points[1], 2, since, publication.last_day, None)
    rows = lake.store.arrow("gold.intent_examples", publication.versions["gold.intent_examples"]).to_pandas()
    until = pd.Timestamp(publication.last_day, tz="UTC") + pd.Timedelta(days=1) - pd.Timedelta(minutes=30)
    is_meant = (rows["decision_point"] == 2) & (rows["session_date"] >= since) & (rows["ended_at"] < until)
    rows = rows[is_meant & (rows["session_date"] <= publication.last_day)]
    assert len(rows) > 20
    columns = {name: rows[name].to_numpy(dtype=float) for name in model.input_names}
    here = {name: np.nan if points[1][name] is None else float(points[1][name]) for name in model.input_names}
    squared, slope = np.zeros(len(rows)), model.document["calibration"]["slope"]
    for each in model.document["terms"]:
        there = formula.term(each, columns.__getitem__)
        squared += (slope * each["coefficient"] * (there - formula.term(each, here.__getitem__, formula.NUMBERS))) ** 2
    assert [row["distance"] for row in found] == pytest.approx(np.sqrt(np.sort(squared))[:5].tolist(), abs=1e-9)


def test_a_visit_that_took_place_is_not_among_those_like_it_and_the_nearest_says_how_it_ended(context, predicted):
    row = predicted[predicted["session_date"] == context.publication.last_day].iloc[0]
    found = real_visits.find(context.publication, int(row["visitor_id"]), round(row["started_at"].timestamp() * 1000))
    points = visit.described(context, found.steps, 9, "Monday", "new", found.origin)[:1]
    day = context.publication.last_day
    with_it = nearest.ask(context, context.model, points[0], 1, day, day, None)
    without = nearest.ask(context, context.model, points[0], 1, day, day, found.origin)
    assert with_it[0]["distance"] == pytest.approx(0, abs=1e-9)
    assert (row["visitor_id"], found.origin.start) not in [(each["visitor_id"], each["start"]) for each in without]
    words = text(nearest.shown(context, points, found.origin))
    assert "of the 5 visits most like it bought" in words
    assert "left" in words or "bought" in words


def test_where_nothing_is_published_there_is_nothing_to_choose(tmp_path):
    empty = Site(settings_of(tmp_path / "empty")).context(pages.parse(""))
    assert bring.offered(empty, "") == []
    with pytest.raises(LakehouseError, match="has published no visit yet"):
        bring.brought(empty, "predict-random", "", "")
    assert nearest.shown(empty, [{"decision_point": 1}], Origin(0, None, "")) == []
