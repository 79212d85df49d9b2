from bronze import item_properties
from lakehouse.expectations import broken_rules
from silver import item_history

MAY_10, MAY_17, MAY_24 = 1431226800000, 1431831600000, 1432436400000


def test_an_interval_lasts_until_the_next_snapshot_that_changes_something(given, expect_rows):
    rows = given(
        item_properties.table,
        f"""
        timestamp | itemid | property   | value
        {MAY_10}  | 5      | categoryid | 100
        {MAY_10}  | 5      | available  | 1
        {MAY_10}  | 5      | 790        | n9500.000
        {MAY_10}  | 5      | 888        | 1234 n5.000
        {MAY_17}  | 5      | available  | 1
        {MAY_24}  | 5      | available  | 0
    """,
    )
    expect_rows(
        item_history.table,
        item_history.build_history(rows),
        """
        item_id | valid_from       | valid_to         | category_id | is_available | price | num_conflicts
        5       | 2015-05-10 03:00 | 2015-05-24 03:00 | 100         | true         | 9500  | 0
        5       | 2015-05-24 03:00 |                  | 100         | false        | 9500  | 0
    """,
    )


def test_of_several_values_at_one_instant_the_greatest_stays_and_the_conflict_is_counted(given, expect_rows):
    rows = given(
        item_properties.table,
        f"""
        timestamp | itemid | property   | value
        {MAY_10}  | 5      | categoryid | 99
        {MAY_10}  | 5      | categoryid | 100
        {MAY_10}  | 5      | 790        | n1.000
    """,
    )
    expect_rows(
        item_history.table,
        item_history.build_history(rows),
        """
        item_id | category_id | price | num_conflicts
        5       | 100         | 1     | 1
    """,
    )


def test_rows_of_properties_that_are_not_kept_are_not_judged_by_their_values(given):
    rows = given(
        item_properties.table,
        f"""
        timestamp | itemid | property   | value | _ingested_at
        {MAY_10}  | 5      | 888        | x     | 2020-01-01
        {MAY_10}  | 5      | categoryid | x     | 2020-01-01
        {MAY_10}  | 5      | available  | 2     | 2020-01-01
        {MAY_10}  | 5      | 790        | n     | 2020-01-01
        x         | y      | 790        | n1    | 2020-01-01
    """,
    )
    found = [row[0] for row in rows.select(broken_rules(item_history.table.quarantine_rules)).collect()]
    assert found == [
        [],
        ["category is an integer"],
        ["availability is 0 or 1"],
        ["price is a number"],
        ["timestamp is an instant", "item is an integer"],
    ]
