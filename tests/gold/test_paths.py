from gold import paths
from silver import categories, session_events

TREE = """
        category_id | root_id
        3           | 1
        4           | 1
        5           | 2
    """


def test_equal_steps_in_a_row_are_one_and_the_next_visit_begins_anew(given, expect_rows):
    events = given(
        session_events.table,
        """
        session_date | visitor_id | started_at       | position | event_type  | category_id
        2015-06-01   | 1          | 2015-06-01 08:00 | 1        | view        | 3
        2015-06-01   | 1          | 2015-06-01 08:00 | 2        | view        | 4
        2015-06-01   | 1          | 2015-06-01 08:00 | 3        | view        | 5
        2015-06-01   | 1          | 2015-06-01 08:00 | 4        | view        | 3
        2015-06-01   | 1          | 2015-06-01 09:00 | 1        | view        | 3
        2015-06-01   | 2          | 2015-06-01 08:00 | 1        | view        | 4
        2015-06-01   | 2          | 2015-06-01 08:00 | 2        | transaction |
    """,
    )
    expect_rows(
        paths.table,
        paths.trace_paths(events, given(categories.table, TREE)),
        """
        step_1 | step_2         | step_3 | step_4 | is_longer | num_sessions | num_purchase_sessions
        view:1 | view:2         | view:1 |        | false     | 1            | 0
        view:1 |                |        |        | false     | 1            | 0
        view:1 | transaction:-1 |        |        | false     | 1            | 1
    """,
    )


def test_a_path_ends_after_five_steps_and_a_purchase_behind_them_counts(given, expect_rows):
    kinds = ["view", "addtocart", "view", "addtocart", "view", "transaction"]
    rows = "\n".join(f"2015-06-01 | 1 | 2015-06-01 08:00 | {n} | {kind} | 3" for n, kind in enumerate(kinds, 1))
    events = given(session_events.table, f"session_date|visitor_id|started_at|position|event_type|category_id\n{rows}")
    expect_rows(
        paths.table,
        paths.trace_paths(events, given(categories.table, TREE)),
        """
        step_1 | step_2      | step_3 | step_4      | step_5 | is_longer | num_sessions | num_purchase_sessions
        view:1 | addtocart:1 | view:1 | addtocart:1 | view:1 | true      | 1            | 1
    """,
    )
