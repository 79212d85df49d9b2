"""The form of the Query page writes Spark SQL: only what was chosen, and only of the table's own columns."""

import pytest
from pydantic import ValidationError

from app.sql.form import QueryForm, compose
from lakehouse.errors import LakehouseError

COLUMNS = {
    "ts": "timestamp",
    "day": "date",
    "event": "string",
    "visitor_id": "bigint",
    "price": "decimal(18,3)",
    "is_bot": "boolean",
    "odd name": "string",
    "items": "array",
}


def sql(**chosen) -> str:
    return compose(QueryForm.model_validate({"table": "silver.events", **chosen}), COLUMNS)


def where(column: str, operator: str, value: str = "") -> str:
    written = sql(filters=[{"column": column, "operator": operator, "value": value}])
    return written.partition("WHERE ")[2].partition("\n")[0]


def test_a_form_without_choices_counts_the_rows():
    assert sql() == "SELECT count(*) AS num_rows\nFROM silver.events\nLIMIT 100"


def test_several_measures_and_filters_are_written_each_on_a_line_sorted_by_the_measure_that_is_meant():
    written = sql(
        groups=["event", "odd name"],
        measures=[{"function": "count"}, {"function": "avg", "column": "price"}],
        filters=[
            {"column": "visitor_id", "operator": ">=", "value": "7"},
            {"column": "event", "operator": "in", "value": "view, addtocart"},
        ],
        sort=2,
        limit=10,
    )
    assert written == (
        "SELECT event,\n       `odd name`,\n       count(*) AS num_rows,\n       avg(price) AS avg_price\n"
        "FROM silver.events\nWHERE visitor_id >= 7\n  AND event IN ('view', 'addtocart')\n"
        "GROUP BY event, `odd name`\nORDER BY 4 DESC\nLIMIT 10"
    )


def test_rows_can_be_sorted_by_their_groups():
    assert "ORDER BY day\n" in sql(groups=["day"], sort=0)


def test_what_is_chosen_twice_is_written_once():
    assert sql(measures=[{"function": "count"}] * 2, groups=["day", "day"]).count("day") == 2


@pytest.mark.parametrize(
    ("column", "operator", "value", "written"),
    [
        ("event", "=", "it's \\ ' OR 1=1", r"event = 'it\'s \\ \' OR 1=1'"),
        ("event", "like", "v%", "event LIKE 'v%'"),
        ("event", "is null", "", "event IS NULL"),
        ("visitor_id", "=", "-3", "visitor_id = -3"),
        ("price", "<", "1e3", "price < 1000"),
        ("day", "=", "2015-06-03", "day = DATE '2015-06-03'"),
        ("ts", ">", "2015-06-03T10:00", "ts > TIMESTAMP '2015-06-03 10:00:00'"),
        ("is_bot", "=", "TRUE", "is_bot = true"),
    ],
)
def test_a_value_is_written_as_its_columns_type_wants_it(column, operator, value, written):
    assert where(column, operator, value) == written


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"groups": ["nothing"]}, "no column 'nothing'"),
        ({"measures": [{"function": "sum", "column": "event"}]}, "sum needs numbers; event is string"),
        ({"measures": [{"function": "max"}]}, "no column ''"),
        ({"filters": [{"column": "visitor_id", "value": "1 OR true"}]}, "visitor_id is bigint, which '1 OR true' is"),
        ({"filters": [{"column": "visitor_id", "value": "NaN"}]}, "which 'NaN' is not"),
        ({"filters": [{"column": "day", "value": "June"}]}, "day is date, which 'June' is not"),
        ({"filters": [{"column": "is_bot", "value": "maybe"}]}, "is_bot is boolean"),
        ({"filters": [{"column": "day", "operator": "like", "value": "2015"}]}, "LIKE compares text"),
        ({"filters": [{"column": "items", "value": "1"}]}, "a form cannot compare it"),
    ],
)
def test_what_cannot_be_says_so_in_a_sentence(chosen, words):
    with pytest.raises(LakehouseError, match=words):
        sql(**chosen)


@pytest.mark.parametrize(
    "chosen",
    [
        {"measures": [{"function": "reflect", "column": "event"}]},
        {"filters": [{"column": "event", "operator": "= 1 OR", "value": "1"}]},
        {"limit": 1_001},
        {"measures": []},
        {"order": "1; DROP"},
    ],
)
def test_what_is_no_choice_of_the_form_is_refused(chosen):
    with pytest.raises(ValidationError):
        sql(**chosen)


def test_what_the_form_writes_is_admitted_and_runs(desk):
    columns = {"ts": "timestamp", "event": "string", "visitor_id": "bigint", "item_id": "bigint"}
    form = QueryForm.model_validate(
        {
            "table": "silver.events",
            "groups": ["event"],
            "measures": [{"function": "count distinct", "column": "visitor_id"}, {"function": "max", "column": "ts"}],
            "filters": [
                {"column": "item_id", "operator": "is not null"},
                {"column": "ts", "operator": ">=", "value": "2015-06-01 10:00"},
            ],
        }
    )
    rows = desk.ask(compose(form, columns)).rows.to_pylist()
    assert [(row["event"], row["distinct_visitor_id"]) for row in rows] == [
        ("view", 2),
        ("addtocart", 1),
        ("transaction", 1),
    ]
