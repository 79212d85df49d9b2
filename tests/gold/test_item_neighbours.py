from gold import item_neighbours, item_pairs


def test_neighbours_are_ranked_by_score_then_support_then_id_over_all_days(given, expect_rows):
    pairs = given(
        item_pairs.table,
        """
        session_date | item_id | neighbour_id | weight | support | num_orders | num_carts
        -------------+---------+--------------+--------+---------+------------+----------
        2015-06-01   | 1       | 6            | 2520   | 1       | 0          | 0
        2015-06-02   | 1       | 6            | 2520   | 1       | 0          | 0
        2015-06-01   | 1       | 5            | 5040   | 2       | 0          | 0
        2015-06-01   | 1       | 4            | 5040   | 4       | 0          | 0
        2015-06-01   | 1       | 3            | 7560   | 3       | 0          | 0
        2015-06-01   | 1       | 2            | 0      | 0       | 9          | 9
    """,
    )
    expect_rows(
        item_neighbours.table,
        item_neighbours.rank_neighbours(pairs),
        """
        item_id | rank | neighbour_id | support
        --------+------+--------------+--------
        1       | 1    | 3            | 3
        1       | 2    | 4            | 4
        1       | 3    | 5            | 2
        1       | 4    | 6            | 2
    """,
    )


def test_the_score_is_the_weight_in_views_over_the_root_of_all_weights_of_the_item(given, expect_rows):
    pairs = given(
        item_pairs.table,
        """
        session_date | item_id | neighbour_id | weight | support
        2015-06-01   | 1       | 2            | 7560   | 1
        2015-06-01   | 1       | 3            | 2520   | 1
    """,
    )
    expect_rows(
        item_neighbours.table,
        item_neighbours.rank_neighbours(pairs),
        """
        neighbour_id | score
        2            | 1.5
        3            | 0.5
    """,
    )


def test_an_item_keeps_fifty_neighbours(given):
    lines = "\n".join(f"2015-06-01 | 1 | {other} | 2520 | 1" for other in range(2, 53))
    pairs = given(item_pairs.table, f"session_date | item_id | neighbour_id | weight | support\n{lines}")
    kept = item_neighbours.rank_neighbours(pairs).agg({"rank": "max", "neighbour_id": "max"}).collect()[0]
    assert sorted(kept) == [50, 51]
