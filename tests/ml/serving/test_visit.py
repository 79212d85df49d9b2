import pytest

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import open_lake
from lakehouse.storage.ledger import Run, now
from ml.serving import facts
from ml.serving.visit import GREATEST_ID, NOTHING_KNOWN, Event, Past, Visit, describe

from ...conftest import settings_of
from ...described import EXAMPLES, differing, pairs, published

MIN_POINTS = 20_000
NOON = 1_433_160_000_000  # 2015-06-01 12:00 UTC, a Monday


def test_a_visit_described_event_by_event_equals_every_decision_point_of_gold(built_lake):
    lake = open_lake(settings_of(built_lake))
    found = list(pairs(lake))

    assert [differing(*each) for each in found if differing(*each)] == []
    assert len(found) == published(lake, EXAMPLES).num_rows > MIN_POINTS


def test_a_lake_without_item_properties_and_events_knows_nothing_and_still_answers(lake):
    run = make_empty(lake)
    known = facts.load(lake.store, run)

    assert describe(Visit([Event("view", NOON, 7)], visitor_id=1), known) == describe(
        Visit([Event("view", NOON, 7)]), NOTHING_KNOWN
    )


def make_empty(lake):
    for name in facts.TABLES:
        lake.store.create(lake.tables[name])
    return Run("r", "", "published", now(), now(), {name: lake.store.version(name) for name in facts.TABLES})


def test_the_order_in_which_events_are_given_does_not_matter():
    events = [Event("view", NOON, 7), Event("addtocart", NOON, 7), Event("view", NOON + 5, 8)]

    assert describe(Visit(events[::-1]), NOTHING_KNOWN) == describe(Visit(events), NOTHING_KNOWN)


def test_events_without_an_item_are_of_different_items_and_a_negative_one_is_the_same_again():
    events = [Event("view", NOON + place, item, 70) for place, item in enumerate([None, None, -5, -5])]
    rows = describe(Visit(events), NOTHING_KNOWN)

    assert [row["distinct_products"] for row in rows] == [1, 2, 3, 3]
    assert [row["num_same_item"] for row in rows] == [1, 1, 1, 2]
    assert [row["num_same_category"] for row in rows] == [1, 2, 3, 4]


def test_what_a_visitor_did_before_is_given_or_looked_up(built_lake):
    lake = open_lake(settings_of(built_lake))
    known = facts.load(lake.store, lake.ledger.published())
    row = next(each for each in published(lake, EXAMPLES).to_pylist() if each["num_earlier_adds"] > 0)
    start = round(row["started_at"].timestamp() * 1000)
    past = Past(row["num_earlier_visits"], row["num_earlier_adds"], row["num_earlier_purchases"])
    ended = known.past(row["visitor_id"], start).ended_at
    event = [Event("view", start, 7)]

    assert describe(Visit(event, past._replace(ended_at=ended)), known) == describe(
        Visit(event, visitor_id=row["visitor_id"]), known
    )


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([], "A visit has 1 to 1,000 events; these are 0."),
        ([Event("view", NOON, 1)] * 1001, "A visit has 1 to 1,000 events; these are 1,001."),
        ([Event("transaction", NOON, 1)], "Event 1 is 'transaction': a purchase ends what can be asked"),
        ([Event("click", NOON, 1)], "Event 1 is 'click': that is no kind of event"),
        ([Event("view", -1, 1)], "Event 1 is of no instant between 1970 and 2100."),
        ([Event("view", NOON, GREATEST_ID + 1)], "Event 1 names an id of more than 64 bits."),
        ([Event("view", NOON), Event("view", NOON + 1_800_001)], "A pause of 30 minutes ends a visit"),
    ],
)
def test_events_that_are_no_visit_are_refused_in_a_sentence(events, told):
    with pytest.raises(LakehouseError) as error:
        describe(Visit(events), NOTHING_KNOWN)

    assert error.value.message.startswith(told) and error.value.code == Exit.USAGE
