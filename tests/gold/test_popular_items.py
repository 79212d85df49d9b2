from gold import item_performance, popular_items, trending_items
from silver import categories, item_history

TREE = """
    category_id | parent_id | root_id | depth | path
    10          |           | 10      | 0     | 10
    11          | 10        | 10      | 1     | 10 11
"""


def test_items_are_ranked_in_the_shop_in_their_category_and_above_it(given, expect_rows):
    days = given(
        item_performance.table,
        """
        session_date | item_id | num_sessions
        2015-06-01   | 1       | 9
        2015-06-02   | 2       | 5
        2015-06-08   | 2       | 4
        2015-06-08   | 3       | 9
        2015-06-08   | 4       | 1
    """,
    )
    history = given(
        item_history.table,
        """
        item_id | valid_from | valid_to   | category_id
        2       | 2015-05-10 | 2015-05-17 | 99
        2       | 2015-05-17 |            | 11
        3       | 2015-05-10 |            | 10
    """,
    )
    expect_rows(
        popular_items.table,
        popular_items.rank_popular(days, history, given(categories.table, TREE)),
        """
        category_id | rank | item_id | num_sessions | as_of_date
        ------------+------+---------+--------------+-----------
        -2          | 1    | 2       | 9            | 2015-06-08
        -2          | 2    | 3       | 9            | 2015-06-08
        -2          | 3    | 4       | 1            | 2015-06-08
        10          | 1    | 2       | 9            | 2015-06-08
        10          | 2    | 3       | 9            | 2015-06-08
        11          | 1    | 2       | 9            | 2015-06-08
    """,
    )


def test_a_stray_instant_is_not_the_newest_day(given, none, expect_rows):
    days = given(
        item_performance.table,
        """
        session_date | item_id | num_sessions
        2015-06-01   | 1       | 150
        2015-06-02   | 1       | 150
        2015-09-01   | 2       | 1
    """,
    )
    expect_rows(
        popular_items.table,
        popular_items.rank_popular(days, none(item_history.table), none(categories.table)),
        """
        category_id | rank | item_id | num_sessions | as_of_date
        -2          | 1    | 1       | 300          | 2015-06-02
    """,
    )


def test_an_item_rises_by_its_share_of_all_visits_not_by_their_number(given, none, expect_rows):
    days = given(
        item_performance.table,
        """
        session_date | item_id | num_sessions
        2015-06-01   | 1       | 10
        2015-06-01   | 2       | 10
        2015-06-14   | 1       | 18
        2015-06-14   | 2       | 47
        2015-06-14   | 3       | 3
        2015-06-14   | 4       | 2
    """,
    )
    expect_rows(
        trending_items.table,
        trending_items.rank_trending(days, none(item_history.table), none(categories.table)),
        """
        category_id | rank | item_id | score | num_recent | num_before
        ------------+------+---------+-------+------------+-----------
        -2          | 1    | 3       | 3.0   | 3          | 0
        -2          | 2    | 2       | 2.0   | 47         | 10
    """,
    )
