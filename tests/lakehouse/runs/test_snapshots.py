"""A category tree is a whole one: the newest that was not taken back is in force, also one that was before."""

import pytest

TREE = "categoryid,parentid"
OF = "timestamp,itemid,property,value"
ONE, TWO, CIRCLE = ("1020,214", "214,"), ("1020,301", "301,"), ("1020,214", "214,1020")
VISIT = ("1433220000000,51,view,601,", "1433240060000,51,transaction,601,911")


@pytest.fixture
def shop(land, call):
    """Lands an item of category 1020 and a visit to it; returns a function that lands a tree and runs."""
    land("events.csv", *VISIT)
    land("properties.csv", "1431226800000,601,categoryid,1020", header=OF)

    def tree(name: str, *lines: str):
        land(name, *lines, header=TREE)
        return call("run")

    return tree


def roots(lake) -> set[int]:
    rows = lake.store.arrow("gold.funnel", lake.ledger.published().versions["gold.funnel"]).to_pylist()
    return {row["root_category_id"] for row in rows} - {-2}


def states(call) -> list[str]:
    return [each["state"] for each in call("receipts", "--json").json if each["kind"] == "category_tree"]


def test_a_tree_put_back_after_another_is_in_force_again(shop, lake, call):
    for name, lines, root in (("one.csv", ONE, 214), ("two.csv", TWO, 301), ("again.csv", ONE, 214)):
        assert shop(name, *lines).code == 0
        assert roots(lake) == {root}
    assert states(call) == ["superseded", "superseded", "counted"]
    assert len(list((lake.landing.folder / "category_tree").glob("*.csv"))) == 2


def test_a_tree_that_no_run_took_up_yet_is_not_in_force(no_gold, shop, land, lake, call):
    shop("one.csv", *ONE)
    land("two.csv", *TWO, header=TREE)
    assert call("run", "silver.categories", "--full-refresh", "silver.categories").code == 0
    assert lake.store.arrow("silver.categories")["category_id"].to_pylist() == [214, 1020]


def test_the_tree_in_force_landed_again_is_already_received(no_gold, shop, lake, call):
    shop("one.csv", *ONE)
    assert shop("same.csv", *ONE).err == "Nothing to do: every table is up to date.\n"
    assert len(lake.landing.receipts("category_tree")) == 1


def test_a_tree_with_a_circle_is_named_and_the_right_one_again_mends_it(shop, lake):
    shop("one.csv", *ONE)
    stopped = shop("circle.csv", *CIRCLE)
    assert stopped.code == 3
    for told in (
        "circle.csv, receipt 4",
        "category_id=214, parent_id=1020",
        "lakehouse retract 4 --reason TEXT --apply",
    ):
        assert told in stopped.err
    assert shop("one.csv", *ONE).code == 0
    assert roots(lake) == {214}


def test_a_tree_with_a_circle_that_is_taken_back_leaves_the_one_before_in_force(shop, lake, call):
    shop("one.csv", *ONE)
    shop("circle.csv", *CIRCLE)
    assert call("retract", "4", "--reason", "a circle", "--apply").code == 0
    assert (roots(lake), states(call)) == ({214}, ["counted", "taken back"])
    assert call("plan", "--json").json == []


def test_what_was_accepted_of_a_tree_says_nothing_of_the_same_tree_put_back(shop, call):
    assert shop("half.csv", *ONE, "x,214", "y,214").code == 3
    call("quarantine", "accept", "3")
    assert call("run").code == 0
    assert shop("two.csv", *TWO).code == 0
    assert shop("half.csv", *ONE, "x,214", "y,214").code == 3


def test_a_tree_that_is_taken_back_leaves_the_rows_of_the_same_tree_put_back(shop, lake, call):
    for name, lines in (("one.csv", ONE), ("two.csv", TWO), ("again.csv", ONE)):
        shop(name, *lines)
    assert call("retract", "3", "--reason", "it was put back", "--apply").code == 0
    assert (roots(lake), states(call)) == ({214}, ["taken back", "superseded", "counted"])


@pytest.mark.parametrize("negative", ["-1", "-2", " -1", "-1.0"])
def test_a_tree_with_a_negative_id_is_refused_whole_at_any_share(no_gold, shop, lake, negative):
    stopped = shop("roots.csv", *[f"{number},214" for number in range(500, 600)], f"214,{negative}")
    assert stopped.code == 3
    for told in ("1 of 101 rows of roots.csv, receipt 3", f"214,{negative}", "lakehouse retract 3"):
        assert told in stopped.err
    assert lake.ledger.published() is None


def test_a_tree_that_was_refused_whole_is_mended_by_another_and_not_by_accepting_it(no_gold, shop, call):
    shop("roots.csv", *[f"{number},214" for number in range(500, 600)], "214,-1")
    call("quarantine", "accept", "3")
    assert call("run").code == 3
    assert shop("right.csv", *ONE).code == 0


def test_refused_rows_of_a_tree_that_another_followed_are_not_counted(no_gold, shop, lake, call):
    tree = (*[f"{number},214" for number in range(10)], "214,", "x,214")
    for name, lines, refused in (("one.csv", tree, 1), ("two.csv", TWO, 0), ("again.csv", tree, 1)):
        shop(name, *lines)
        assert lake.store.rows("silver.categories_quarantine") == refused


def test_the_order_of_receipts_is_that_of_arrival_where_the_clock_goes_back(shop, lake, monkeypatch):
    from datetime import UTC, datetime

    from bronze import landing

    shop("one.csv", *ONE)

    class Yesterday(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2020, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(landing, "datetime", Yesterday)
    shop("two.csv", *TWO)
    assert roots(lake) == {301}
    received = [each.received_at for each in lake.landing.receipts()]
    assert received == sorted(set(received))
