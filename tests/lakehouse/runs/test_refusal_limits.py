"""How much of a landed file may be refused before a run stops, and how it goes on."""

import pytest

from lakehouse.runs import refusal_limits

from ..conftest import NOON, VIEW

PROPERTIES = "timestamp,itemid,property,value"
BUY = f"{NOON},1,transaction,7,none"


@pytest.fixture
def stopped(call, land):
    """A lake with a file of which every purchase is refused, a tenth of its rows."""
    land("a.csv", *[VIEW] * 90, *[BUY] * 10)
    return call("run")


def test_a_run_stops_where_every_row_of_one_kind_is_refused(stopped, lake):
    assert stopped.code == 3
    for told in (
        "every one of the 10 rows of a.csv whose event is transaction",
        "transaction id exactly on transactions: 10",
        f"    {BUY}\n    {BUY}\n    {BUY}\n",
        "lakehouse land FILE",
        "lakehouse retract 1 --reason TEXT --apply",
        "lakehouse quarantine accept 1",
    ):
        assert told in stopped.err
    assert not lake.store.exists("gold.funnel") or lake.store.rows("gold.funnel") == 0
    assert lake.ledger.published() is None


def test_what_was_accepted_is_asked_for_by_no_later_run_nor_full_refresh(stopped, lake, call, land):
    assert call("quarantine", "accept", "1", "--json").json["number"] == 1
    assert call("run").code == 0
    land("b.csv", VIEW.replace(",7,", ",8,"))
    assert call("run").code == 0
    assert call("run", "--full-refresh", "silver.events").code == 0
    assert lake.store.rows("silver.events_quarantine") == 10


def test_what_was_accepted_of_one_file_says_nothing_of_another(stopped, call, land):
    call("quarantine", "accept", "1")
    land("b.csv", *[VIEW] * 50, *[BUY] * 10, f"{NOON},1,addtocart,7,")
    said = call("run")
    assert (said.code, "of b.csv whose event is transaction" in said.err) == (3, True)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([*[VIEW] * 90, *[BUY] * 9], 0),
        ([*[VIEW] * 90, *[BUY] * 10, f"{NOON},1,transaction,7,9"], 0),
        ([*[VIEW] * 90, *[f"{NOON},1,buy,7,"] * 10], 3),
        ([*[VIEW] * 90, *[f"{NOON},1, transaction\t,7,"] * 5, *[BUY] * 5], 3),
        ([*[VIEW] * 90, *[f"{NOON},1, ,7,"] * 10], 0),
        ([*[VIEW] * 90, *[f"{NOON},1"] * 10], 0),
        ([*[VIEW] * 40, *["x,1,view,7,"] * 10], 0),
        ([*[VIEW] * 39, *["x,1,view,7,"] * 10], 3),
    ],
    ids=[
        "nine",
        "one passes",
        "an unknown kind",
        "padded",
        "blank",
        "malformed lines are of no kind",
        "a fifth",
        "more",
    ],
)
def test_at_least_ten_rows_and_all_of_a_kind_or_more_than_a_fifth_of_all_stop_a_run(call, land, lines, code):
    land("a.csv", *lines)
    assert call("run", "+silver.events").code == code


def test_every_row_of_a_property_that_is_read_stops_a_run(call, land):
    land("a.csv", VIEW)
    good = [f"1431226800000,{item},available,1" for item in range(90)]
    land("p.csv", *good, *[f"1431226800000,{item},790,cheap" for item in range(10)], header=PROPERTIES)
    said = call("run")
    assert (said.code, "every one of the 10 rows of p.csv whose property is 790" in said.err) == (3, True)


def test_kinds_are_counted_only_where_enough_of_one_was_refused(call, land, lake, monkeypatch):
    read = []
    query = refusal_limits._query
    monkeypatch.setattr(
        refusal_limits, "_query", lambda lake, name, *rest: read.append(name) or query(lake, name, *rest)
    )
    land("a.csv", *[VIEW] * 90, *[BUY] * 9)
    call("run", "+silver.events")
    assert read == ["silver.events_quarantine"]


@pytest.mark.parametrize("number", ["2", "9"])
def test_a_receipt_that_is_none_or_was_taken_back_is_not_accepted(stopped, call, land, number):
    land("b.csv", VIEW)
    call("retract", "2", "--reason", "wrong", "--apply")
    assert call("quarantine", "accept", number).code == 2
