from gold import bought_together, item_pairs


def test_companions_are_ranked_by_orders_then_carts_over_all_days(given, expect_rows):
    pairs = given(
        item_pairs.table,
        """
        session_date | item_id | neighbour_id | weight | support | num_orders | num_carts
        -------------+---------+--------------+--------+---------+------------+----------
        2015-06-01   | 1       | 5            | 2520   | 9       | 0          | 0
        2015-06-01   | 1       | 4            | 0      | 0       | 0          | 2
        2015-06-01   | 1       | 3            | 2520   | 1       | 1          | 0
        2015-06-02   | 1       | 3            | 2520   | 1       | 1          | 1
        2015-06-02   | 1       | 2            | 2520   | 1       | 2          | 0
    """,
    )
    expect_rows(
        bought_together.table,
        bought_together.rank_companions(pairs),
        """
        item_id | rank | companion_id | num_orders | num_carts
        --------+------+--------------+------------+----------
        1       | 1    | 3            | 2          | 1
        1       | 2    | 2            | 2          | 0
        1       | 3    | 4            | 0          | 2
    """,
    )
