from bronze import events as bronze_events
from lakehouse.expectations import broken_rules
from silver import events


def test_a_line_that_came_twice_is_one_event(given, expect_rows):
    rows = given(
        bronze_events.table,
        """
        timestamp     | visitorid | event | itemid | transactionid
        1433152800000 | 1         | view  | 7      |
        1433152800000 | 1         | view  | 7      |
        1433152800001 | 1         | view  | 7      |
    """,
    )
    expect_rows(
        events.table,
        events.clean(rows),
        """
        occurred_at             | visitor_id | event_type | item_id | transaction_id | event_date
        2015-06-01 10:00:00     | 1          | view       | 7       |                | 2015-06-01
        2015-06-01 10:00:00.001 | 1          | view       | 7       |                | 2015-06-01
    """,
    )


def test_spaces_around_values_are_no_part_of_them(given, expect_rows):
    rows = given(
        bronze_events.table,
        """
        timestamp     | visitorid | event       | itemid | transactionid
        1433152800000 | 1         | transaction | 7      | 9
    """,
    ).replace({"1": " 1 ", "transaction": " transaction "})
    expect_rows(
        events.table,
        events.clean(rows),
        """
        visitor_id | event_type  | transaction_id
        1          | transaction | 9
    """,
    )


def test_a_row_is_refused_with_every_rule_it_breaks(given):
    rows = given(
        bronze_events.table,
        """
        timestamp            | visitorid | event       | itemid | transactionid | _ingested_at
        1433152800000        | 1         | view        | 7      |               | 2020-01-01
        1433152800000        | 1         | transaction | 7      | 5             | 2020-01-01
        not-a-time           | 2         | view        | 7      |               | 2020-01-01
        1e12                 | 3         | view        | 7      |               | 2020-01-01
        +1433152800000       | 4         | view        | 7      |               | 2020-01-01
        1433152800.5         | 5         | view        | 7      |               | 2020-01-01
        9999999999999999999  | 6         | view        | 7      |               | 2020-01-01
        946684799999         | 7         | view        | 7      |               | 2020-01-01
        1577923200001        | 8         | view        | 7      |               | 2020-01-01
        1577923200000        | 9         | view        | 7      |               | 2020-01-01
        1433152800000        | 10        | click       | 7      |               | 2020-01-01
        1433152800000        | 11        | transaction | 7      |               | 2020-01-01
        1433152800000        | 12        | view        | 7      | 5             | 2020-01-01
        1433152800000        | x         | click       | y      |               | 2020-01-01
    """,
    ).fillna("", ["transactionid"])
    found = {row[0]: row[1] for row in rows.select("visitorid", broken_rules(events.table.quarantine_rules)).collect()}
    an_integer, in_time = "timestamp is an integer", "timestamp is after 2000 and not a day ahead"
    assert found == {
        "1": [],
        **{visitor: [an_integer, in_time] for visitor in "23456"},
        "7": [in_time],
        "8": [in_time],
        "9": [],
        "10": ["event is known"],
        "11": ["transaction id exactly on transactions"],
        "12": ["transaction id exactly on transactions"],
        "x": ["visitor is an integer", "item is an integer", "event is known"],
    }


def test_a_malformed_line_is_refused(given):
    rows = given(
        bronze_events.table,
        """
        _rest    | _ingested_at
        1,2,view | 2020-01-01
    """,
    )
    (refused,) = rows.select(broken_rules(events.table.quarantine_rules)).first()
    assert refused[0] == "line has the columns of its header"
