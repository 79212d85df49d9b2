"""What the site adds up by pairs of days equals what grouping by visitor gives."""

import random
from datetime import timedelta

import duckdb
import pytest

from app.data.derived import SOURCE
from app.data.visits import days, grouped_sums, part, per_visitor
from app.pages.funnel import queries as funnel
from app.pages.overview import queries as overview
from app.statistics import PairedSums
from lakehouse.lake import open_lake


def drawn(ask, seed):
    """A context with filters at random, so that the periods have a gap between them, touch, or reach before the data."""
    generator, shown = random.Random(seed), ask().published
    start = shown.first_day + timedelta(days=generator.randrange((shown.newest_day - shown.first_day).days))
    end = start + timedelta(days=generator.randrange(45))
    segment = generator.choice(["all", "new", "returning"])
    roots = shown.rows("SELECT DISTINCT root_category_id AS root FROM gold.visitor_days ORDER BY root")
    category = generator.choice(["", generator.choice(roots)["root"]])
    return ask(f"?range={start}..{end}&segment={segment}&category={category}")


def squares(rows, *names):
    """Return the sums of each pair of periods by their keys; where a product is 0 in all, nobody came in both."""
    keys = (*names, "is_now", "is_other_now")
    found = {
        tuple(row[key] for key in keys): {name: int(value or 0) for name, value in row.items() if name not in keys}
        for row in rows
    }
    return {key: counts for key, counts in found.items() if any(counts[name] for name in counts if is_product(name))}


def is_product(name):
    return "_" in name and not name.startswith("visitors_")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("page", [overview, funnel])
def test_sums_over_visitors_equal_those_of_grouping_by_visitor(ask, page, seed):
    context = drawn(ask, seed)
    visitors, parameters = per_visitor(context, bounces=True)
    grouped = context.published.rows(grouped_sums(visitors, page.RATES.values()), **parameters)

    assert squares(context.ask(page.rates)) == squares(grouped)


@pytest.mark.parametrize("seed", range(8))
def test_sums_by_root_equal_those_of_grouping_by_root_and_visitor(ask, seed):
    context, root = drawn(ask, seed), "root_category_id"
    visitors, parameters = per_visitor(context, by=root)
    grouped = context.published.rows(grouped_sums(visitors, funnel.RATES.values(), by=root), **parameters)

    assert squares(context.ask(funnel.roots), root) == squares(grouped, root)


@pytest.mark.parametrize("seed", range(8))
def test_visitors_counted_by_the_day_before_are_the_different_ones(ask, seed):
    context = drawn(ask, seed)
    conditions, parameters = part(context)
    sql = f"SELECT count(DISTINCT visitor_id) AS n FROM {SOURCE} WHERE session_date BETWEEN $start AND $end{conditions}"
    (row,) = context.published.rows(sql, **days(context), **parameters)

    assert context.ask(overview.visitors)[0]["num_visitors"] == row["n"]


def test_the_sample_has_visitors_of_several_days_whose_products_count(ask):
    sums = PairedSums.of(ask("?range=all").ask(overview.rates), "visits", "purchases")

    assert sums.x1x1 > sums.x1 > 0 and sums.y1y1 > 0


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
