from bronze import category_tree
from silver import categories


def test_a_category_knows_the_way_from_its_root(given, expect_rows):
    rows = given(
        category_tree.table,
        """
        categoryid | parentid
        1          | NULL
        2          | 1
        3          | 2
    """,
    )
    expect_rows(
        categories.table,
        categories.resolve_paths(rows),
        """
        category_id | parent_id | root_id | depth | path
        1           |           | 1       | 0     | 1
        2           | 1         | 1       | 1     | 1 2
        3           | 2         | 1       | 2     | 1 2 3
    """,
    )


def test_only_the_newest_landed_tree_counts(given, expect_rows):
    rows = given(
        category_tree.table,
        """
        categoryid | parentid | _source_file | _ingested_at
        1          |          | a            | 2020-01-01
        2          | 1        | a            | 2020-01-01
        1          |          | b            | 2020-01-02
        3          | 1        | b            | 2020-01-02
    """,
    )
    expect_rows(
        categories.table,
        categories.resolve_paths(rows),
        """
        category_id | root_id
        1           | 1
        3           | 1
    """,
    )


def test_a_parent_without_a_node_is_a_root(given, expect_rows):
    rows = given(
        category_tree.table,
        """
        categoryid | parentid
        2          | 1
    """,
    )
    expect_rows(
        categories.table,
        categories.resolve_paths(rows),
        """
        category_id | parent_id | root_id | depth | path
        2           | 1         | 1       | 1     | 1 2
    """,
    )


def test_a_category_above_itself_reaches_no_root(given, expect_rows):
    rows = given(
        category_tree.table,
        """
        categoryid | parentid
        1          | 2
        2          | 1
    """,
    )
    expect_rows(
        categories.table,
        categories.resolve_paths(rows),
        """
        category_id | root_id
        1           |
        2           |
    """,
    )
