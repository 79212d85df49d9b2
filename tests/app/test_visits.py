"""What the site adds up by pairs of days equals what grouping by visitor gives."""

import random
from datetime import timedelta

import duckdb
import pytest

from app.data.derived import SOURCE
from app.data.visits import days, part, per_visitor, sums
from app.pages.funnel import queries as funnel
from app.pages.overview import queries as overview
from lakehouse.lake import open_lake

PAIRS = {
    "conversion": ("visits", "purchases"),
    "abandonment": ("carts", "abandoned"),
    "bounces": ("visits", "bounces"),
    "purchase": ("visits", "purchases"),
    "cart": ("visits", "carts"),
    "view": ("visits", "views"),
}


def drawn(ask, seed):
    """A context with filters at random, so that the periods have a gap between them, touch, or reach before the data."""
    generator, shown = random.Random(seed), ask().published
    start = shown.first_day + timedelta(days=generator.randrange((shown.newest_day - shown.first_day).days))
    end = start + timedelta(days=generator.randrange(45))
    segment = generator.choice(["all", "new", "returning"])
    roots = shown.rows("SELECT DISTINCT root_category_id AS root FROM gold.visitor_days ORDER BY root")
    category = generator.choice(["", generator.choice(roots)["root"]])
    return ask(f"?range={start}..{end}&segment={segment}&category={category}")


def plain(rows, *keys):
    return {
        tuple(row[key] for key in keys): {name: int(value or 0) for name, value in row.items() if name not in keys}
        for row in rows
        if row["x1"] or row["x0"]
    }


@pytest.mark.parametrize("seed", range(8))
def test_sums_over_visitors_equal_those_of_grouping_by_visitor(ask, seed):
    context = drawn(ask, seed)
    visitors, parameters = per_visitor(context, bounces=True)
    union = " UNION ALL ".join(f"SELECT '{name}' AS rate, {sums(*pair)} FROM visitors" for name, pair in PAIRS.items())
    grouped = plain(context.published.rows(f"WITH visitors AS ({visitors}) {union}", **parameters), "rate")
    asked = plain([*context.ask(overview.rates), *context.ask(funnel.rates)], "rate")

    assert asked == grouped


@pytest.mark.parametrize("seed", range(8))
def test_sums_by_root_equal_those_of_grouping_by_root_and_visitor(ask, seed):
    context = drawn(ask, seed)
    visitors, parameters = per_visitor(context, by="root_category_id")
    sql = f"WITH visitors AS ({visitors}) SELECT root_category_id, {sums('visits', 'carts')} FROM visitors GROUP BY ALL"
    grouped = plain(context.published.rows(sql, **parameters), "root_category_id")
    carts = [
        {k: v for k, v in row.items() if k != "rate"} for row in context.ask(funnel.roots) if row["rate"] == "cart"
    ]

    assert plain(carts, "root_category_id") == grouped


@pytest.mark.parametrize("seed", range(8))
def test_visitors_counted_by_the_day_before_are_the_different_ones(ask, seed):
    context = drawn(ask, seed)
    conditions, parameters = part(context)
    sql = f"SELECT count(DISTINCT visitor_id) AS n FROM {SOURCE} WHERE session_date BETWEEN $start AND $end{conditions}"
    (row,) = context.published.rows(sql, **days(context), **parameters)

    assert context.ask(overview.visitors)[0]["num_visitors"] == row["n"]


def test_the_sample_has_visitors_of_several_days_whose_products_count(ask):
    (row,) = [row for row in ask("?range=all").ask(overview.rates) if row["rate"] == "conversion"]

    assert row["x1x1"] > row["x1"] > 0 and row["y1y1"] > 0


def test_the_sql_behind_it_runs_anywhere_and_gives_the_same(ask, settings_for):
    context = ask("?segment=returning")
    lake, database = open_lake(settings_for()), duckdb.connect()
    database.execute("CREATE SCHEMA gold")
    for name in ("visitor_days", "visit_segments"):
        database.register("arrow", lake.store.arrow(f"gold.{name}"))
        database.execute(f"CREATE TABLE gold.{name} AS FROM arrow")
    for each in (overview.visitors, overview.rates):
        found = database.execute(str(each(context))).fetchall()

        assert sorted(map(str, found)) == sorted(str(tuple(row.values())) for row in context.ask(each))
