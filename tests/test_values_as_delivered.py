"""Files as people really have them, landed and run by the command line: what the tables then hold."""

import json
from datetime import UTC, datetime

import pytest

from lakehouse.errors import Exit

from .lakehouse.conftest import call  # noqa: F401  (a fixture)

EVENTS = "timestamp,visitorid,event,itemid,transactionid"
PROPERTIES = "timestamp,itemid,property,value"
TREE = "categoryid,parentid"
NOON = 1433160000000  # 2015-06-01 12:00 UTC
MAY_10 = 1431226800000


@pytest.fixture
def give(call, spark, tmp_path):  # noqa: F811
    """Land lines as a file of a name, header first."""

    def file(name: str, *lines: str) -> None:
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        assert call("land", str(tmp_path / name)).code == Exit.DONE

    return file


def purchase(lake) -> dict:
    (visit,) = lake.store.arrow("silver.sessions").to_pylist()
    return visit


def refused(call, number: int) -> dict[str, int]:  # noqa: F811
    (account,) = call("receipts", str(number), "--json").json
    return next(iter(account["refused"].values()), {})


DELIVERED = {
    "a space behind each comma": (
        [f"{NOON}, 21, view, 601, ", f"{NOON + 60_000}, 21, transaction, 601, 910"],
        [f"{MAY_10}, 601, categoryid, 1020", f"{MAY_10}, 601, available, 1", f"{MAY_10}, 601, 790, n480.000"],
        ["1020, 214", "214, "],
    ),
    "columns of a fixed width": (
        [f"{NOON},21,view       ,601,", f"{NOON + 60_000},21,transaction,601,910"],
        [f"{MAY_10},601,categoryid,1020   ", f"{MAY_10},601,available ,1      ", f"{MAY_10},601,790       ,n480.000"],
        ["1020,214 ", "214 ,    "],
    ),
    "tabs around values": (
        [f"{NOON}\t,21,\tview,601,\t", f"{NOON + 60_000},21,transaction\t,601,910\t"],
        [f"{MAY_10},601,categoryid\t,\t1020", f"{MAY_10},601,\tavailable,1", f"{MAY_10},601,790\t,n480.000\t"],
        ["1020,\t214", "214,\t"],
    ),
}


@pytest.mark.parametrize("case", DELIVERED)
def test_padding_is_no_part_of_a_value(case, give, call, lake):  # noqa: F811
    events, properties, tree = DELIVERED[case]
    give("events.csv", EVENTS, *events)
    give("properties.csv", PROPERTIES, *properties)
    give("tree.csv", TREE, *tree)
    assert call("run").code == Exit.DONE
    bought = [row for row in lake.store.arrow("silver.session_events").to_pylist() if row["event_type"] != "view"]
    known = [(row["category_id"], row["is_available"], str(row["price"])) for row in bought]
    assert known == [(1020, True, "480.000")]
    roots = {
        row["root_category_id"]: row["num_purchase_sessions"] for row in lake.store.arrow("gold.funnel").to_pylist()
    }
    assert roots == {214: 1, -2: 1}
    assert lake.store.rows("silver.item_history_quarantine") == 0


def test_whole_numbers_that_pandas_wrote_are_integers(give, call, lake):  # noqa: F811
    views = [f"{row},{NOON + row},4{row},view,61{row}.0," for row in range(8)]
    orders = [f"8,{NOON + 8},31,transaction,601.0,910.0", f"9,{NOON + 9},31,transaction,602.0,910.0"]
    give("events.csv", f",{EVENTS}", *views, *orders, f"10,{NOON},33,view,603.5,", f"11,{NOON},34,view,1e3,")
    give("tree.csv", TREE, "1020,214.0", "1021,214.0", "214,")
    assert call("run").code == Exit.DONE
    events = lake.store.arrow("silver.events").to_pylist()
    assert len(events) == 10
    order = sorted(row["item_id"] for row in events if row["transaction_id"] == 910)
    assert order == [601, 602]
    assert refused(call, 1) == {"item is an integer": 2}
    nodes = {row["category_id"]: row["root_id"] for row in lake.store.arrow("silver.categories").to_pylist()}
    assert nodes == {214: 214, 1020: 214, 1021: 214}


def test_a_number_that_never_ends_is_refused_and_the_run_ends(give, call, lake):  # noqa: F811
    endless = ["n1e999999999", "n1E-999999999", f"n{'9' * 49}.000", "nNaN", "n1e5", "n-5.000"]
    prices = [f"{MAY_10},{700 + row},790,n{700 + row}.000" for row in range(25)]
    give("events.csv", EVENTS, f"{NOON},41,view,700,", f"{NOON},42,view,{'9' * 999},", *[f"{NOON},4,view,7,"] * 8)
    give("properties.csv", PROPERTIES, *prices, *[f"{MAY_10},60{row},790,{text}" for row, text in enumerate(endless)])
    assert call("run").code == Exit.DONE
    assert lake.store.rows("silver.item_history") == 25
    assert refused(call, 2) == {"price is a number": 6}
    assert refused(call, 1) == {"item is an integer": 1}


VISITS = [f"{NOON + hour * 3_600_000},5{hour},view,601," for hour in range(3)]


def test_a_root_is_a_category_without_a_parent(give, call, lake):  # noqa: F811
    give("events.csv", EVENTS, *VISITS)
    give("properties.csv", PROPERTIES, f"{MAY_10},601,categoryid,1020")
    give("tree.csv", TREE, "1020,214", "214,", "1021,")
    assert call("run").code == Exit.DONE
    roots = {row["root_category_id"]: row["num_sessions"] for row in lake.store.arrow("gold.funnel").to_pylist()}
    assert roots == {214: 3, -2: 3}


@pytest.mark.parametrize("root", [-1, -2])
def test_a_tree_whose_roots_have_a_negative_parent_is_refused(root, give, call, lake):  # noqa: F811
    give("events.csv", EVENTS, *VISITS)
    give("properties.csv", PROPERTIES, f"{MAY_10},601,categoryid,1020")
    give("tree.csv", TREE, "1020,214", f"214,{root}", f"1021,{root}")
    done = call("run")
    assert done.code == Exit.REFUSED
    assert "tree.csv" in done.err
    assert lake.ledger.published() is None


def test_rows_of_a_kind_that_no_table_reads_are_counted(give, call):  # noqa: F811
    give("events.csv", EVENTS, *VISITS)
    give("mixed.csv", PROPERTIES, f"{MAY_10},601,888,x", f"{MAY_10},601, 790 ,n1", f"{MAY_10},601,Available,1")
    give("strange.csv", PROPERTIES, f"{MAY_10},601,price,n480.000", f"{MAY_10},601,category,7")
    done = call("run")
    assert done.code == Exit.DONE
    assert "strange.csv, receipt 3: none of its 2 rows changes a table" in done.err
    assert "mixed.csv" not in done.err
    assert [call("receipts", name, "--json").json[0]["num_unread"] for name in ("mixed.csv", "strange.csv")] == [2, 2]
    assert "2 rows of a kind that no table reads" in call("receipts", "mixed.csv").out


def test_a_file_of_which_nothing_is_read_is_told_by_the_run_that_takes_it_alone_though_that_fails(give, call):  # noqa: F811
    give("events.csv", EVENTS, *VISITS, "x,1,view,7,")
    give("strange.csv", PROPERTIES, f"{MAY_10},601,price,n480.000")
    told = "strange.csv, receipt 2: none of its 1 rows changes a table"
    assert told not in call("run", "silver.categories").err
    refused = call("run")
    assert (refused.code, told in refused.err) == (Exit.REFUSED, True)
    call("quarantine", "accept", "1")
    again = call("retry")
    assert (again.code, told in again.err) == (Exit.DONE, False)


def test_an_id_of_many_digits_is_shown_as_it_is_beside_one_that_is_missing(give, call):  # noqa: F811
    give("events.csv", EVENTS, f"{NOON},1,view,7,", f"{NOON},1,transaction,7,9007199254740993")
    assert call("run").code == Exit.DONE
    assert "9007199254740993 2015-06-01" in call("show", "silver.events").out


def test_a_stray_timestamp_bends_neither_newest_nor_complete(give, call, lake):  # noqa: F811
    hours = [NOON - 12 * 3_600_000 + hour * 3_600_000 for hour in range(24 * 4)]
    ahead, midnight = int(datetime.now(UTC).timestamp() * 1000) + 20 * 3_600_000, hours[-1] + 3_600_000
    strays = [978350400000, ahead, midnight]
    events = [f"{hour + number},{number},view,7," for hour in hours for number in range(5)]
    give("events.csv", EVENTS, *events, *[f"{stray},1,view,7," for stray in strays])
    assert call("run").code == Exit.DONE
    said = call("freshness", "--json")
    assert said.code == Exit.DONE, said.err
    found = {each["table"]: each for each in json.loads(said.out)}
    for name in ("silver.events", "silver.sessions", "gold.daily_kpis"):
        assert found[name]["newest"].startswith("2015-06-04")
        assert found[name]["complete_through"] == "2015-06-04"
    assert lake.store.rows("silver.events") == 24 * 4 * 5 + len(strays)
