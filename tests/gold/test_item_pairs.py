from gold import item_pairs
from silver import session_events


def test_a_pair_weighs_by_its_fewest_steps_and_counts_once_a_visit_in_both_directions(given, expect_rows):
    rows = given(
        session_events.table,
        """
        session_date | visitor_id | started_at       | position | item_id | event_type
        -------------+------------+------------------+----------+---------+-----------
        2015-06-01   | 1          | 2015-06-01 10:00 | 1        | 7       | view
        2015-06-01   | 1          | 2015-06-01 10:00 | 2        | 8       | view
        2015-06-01   | 1          | 2015-06-01 10:00 | 3        | 9       | view
        2015-06-01   | 1          | 2015-06-01 10:00 | 4        | 7       | view
        2015-06-01   | 2          | 2015-06-01 10:00 | 1        | 9       | view
        2015-06-01   | 2          | 2015-06-01 10:00 | 2        | 9       | view
        2015-06-01   | 2          | 2015-06-01 10:00 | 3        | 7       | view
        2015-06-01   | 2          | 2015-06-01 12:00 | 1        | 8       | view
    """,
    )
    expect_rows(
        item_pairs.table,
        item_pairs.pair(rows),
        """
        session_date | item_id | neighbour_id | weight | support | num_orders | num_carts
        -------------+---------+--------------+--------+---------+------------+----------
        2015-06-01   | 7       | 8            | 2520   | 1       | 0          | 0
        2015-06-01   | 8       | 7            | 2520   | 1       | 0          | 0
        2015-06-01   | 8       | 9            | 2520   | 1       | 0          | 0
        2015-06-01   | 9       | 8            | 2520   | 1       | 0          | 0
        2015-06-01   | 7       | 9            | 5040   | 2       | 0          | 0
        2015-06-01   | 9       | 7            | 5040   | 2       | 0          | 0
    """,
    )


def test_items_more_than_ten_steps_apart_are_no_pair(given, expect_rows):
    steps = "\n".join(f"2015-06-01 | 1 | 2015-06-01 10:00 | {place} | 7 | view" for place in range(2, 12))
    rows = given(
        session_events.table,
        f"""
        session_date | visitor_id | started_at       | position | item_id | event_type
        2015-06-01   | 1          | 2015-06-01 10:00 | 1        | 8       | view
        {steps}
        2015-06-01   | 1          | 2015-06-01 10:00 | 12       | 9       | view
    """,
    )
    expect_rows(
        item_pairs.table,
        item_pairs.pair(rows),
        """
        item_id | neighbour_id | weight
        7       | 8            | 2520
        8       | 7            | 2520
        7       | 9            | 2520
        9       | 7            | 2520
    """,
    )


def test_an_order_and_a_cart_pair_their_items_however_far_apart_they_are(given, expect_rows):
    steps = [(visit, place) for visit in (1, 2) for place in range(2, 12)]
    views = "\n".join(f"2015-06-01 | {visit} | 2015-06-01 10:00 | {place} | 7 | view |" for visit, place in steps)
    rows = given(
        session_events.table,
        f"""
        session_date | visitor_id | started_at       | position | item_id | event_type  | transaction_id
        2015-06-01   | 1          | 2015-06-01 10:00 | 1        | 8       | addtocart   |
        2015-06-01   | 1          | 2015-06-01 10:00 | 12       | 9       | addtocart   |
        2015-06-01   | 2          | 2015-06-01 10:00 | 1        | 8       | transaction | 1
        2015-06-01   | 2          | 2015-06-01 10:00 | 12       | 9       | transaction | 1
        2015-06-01   | 2          | 2015-06-01 10:00 | 13       | 6       | transaction | 2
        {views}
    """,
    )
    expect_rows(
        item_pairs.table,
        item_pairs.pair(rows).where("item_id = 8"),
        """
        item_id | neighbour_id | weight | support | num_orders | num_carts
        8       | 7            | 5040   | 2       | 0          | 0
        8       | 9            | 0      | 0       | 1          | 1
    """,
    )


def test_what_comes_after_two_hundred_events_of_a_visit_is_not_paired(given, expect_rows):
    rows = given(
        session_events.table,
        """
        session_date | visitor_id | started_at       | position | item_id | event_type
        2015-06-01   | 1          | 2015-06-01 10:00 | 1        | 7       | view
        2015-06-01   | 1          | 2015-06-01 10:00 | 2        | 7       | view
        2015-06-01   | 1          | 2015-06-01 10:00 | 200      | 8       | view
        2015-06-01   | 1          | 2015-06-01 10:00 | 201      | 9       | view
    """,
    )
    expect_rows(
        item_pairs.table,
        item_pairs.pair(rows),
        """
        item_id | neighbour_id
        7       | 8
        8       | 7
    """,
    )
