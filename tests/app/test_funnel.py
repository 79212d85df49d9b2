"""What the funnel counts over days, on hand-made visits: a visitor who begins twice is one visitor."""

import duckdb
import pytest

from app import pages
from app.pages.funnel import followed, numbers, queries
from app.site import Site
from app.statistics import PairedSums, rate_interval, wilson
from gold import visit_outcomes, visitor_days

from ..conftest import parse
from .conftest import activity, publish

# Visitor 1 begins on two days and is led to a cart by the second visit, visitor 2 only looks, visitor 3 fills the cart
# before the first view and stays for more than a day, visitor 5 never views; a week later 4 comes, and 1 once more.
DAYS = """
    session_date | root_category_id | visitor_id | is_new | num_sessions | num_view_sessions | num_cart_sessions | num_purchase_sessions
    2015-06-01   | 5                | 1          | true   | 1            | 1                 | 0                 | 0
    2015-06-03   | 5                | 1          | false  | 1            | 1                 | 1                 | 0
    2015-06-02   | 5                | 2          | true   | 1            | 1                 | 0                 | 0
    2015-06-02   | 6                | 3          | true   | 1            | 1                 | 1                 | 1
    2015-06-02   | 6                | 5          | true   | 1            | 0                 | 1                 | 0
    2015-06-10   | 5                | 1          | false  | 1            | 1                 | 0                 | 1
    2015-06-10   | 5                | 4          | true   | 1            | 1                 | 0                 | 0
"""
OUTCOMES = """
    visitor_id | session_date | root_category_id | is_new | first_view_at    | ended_at         | cart_at          | purchase_at      | ordered_cart_at  | ordered_purchase_at
    1          | 2015-06-01   | 5                | true   | 2015-06-01 08:00 | 2015-06-01 08:10 | 2015-06-03 09:05 | 2015-06-10 09:00 | 2015-06-03 09:05 | 2015-06-10 09:00
    1          | 2015-06-03   | 5                | false  | 2015-06-03 09:00 | 2015-06-03 09:05 | 2015-06-03 09:05 | 2015-06-10 09:00 | 2015-06-03 09:05 | 2015-06-10 09:00
    3          | 2015-06-02   | 6                | true   | 2015-06-02 08:00 | 2015-06-03 10:00 | 2015-06-02 07:59 | 2015-06-03 10:00 |                  |
    1          | 2015-06-10   | 5                | false  | 2015-06-10 08:50 | 2015-06-10 09:00 |                  | 2015-06-10 09:00 |                  |
"""


def typed(table, text):
    """Rows of a text table with the contract's types; columns that are not written are NULL."""
    names, rows = parse(text)
    database = duckdb.connect()
    database.execute(f"CREATE TABLE texts ({', '.join(f'{name} VARCHAR' for name in names)})")
    database.executemany(f"INSERT INTO texts VALUES ({', '.join('?' * len(names))})", rows)
    casts = [f"{c.name if c.name in names else 'NULL'}::{c.type} AS {c.name}" for c in table.columns]
    return database.sql(f"SELECT {', '.join(casts)} FROM texts").to_arrow_table().to_pylist()


@pytest.fixture
def ask_lake(lake):
    """Return a page's context of those visits for a query string; 20 June is the last complete day, 21 June the newest."""
    rows = {"gold.activity": activity(days=21, last_hour=2)}
    rows |= {
        table.name: typed(table, text) for table, text in ((visitor_days.table, DAYS), (visit_outcomes.table, OUTCOMES))
    }
    publish(lake, "20150621T060000-aaaaaa", rows)
    site = Site(lake.settings)
    site.lakes[""].refresh()
    return lambda query: site.context(pages.parse(query))


@pytest.mark.parametrize(
    ("choice", "visitors", "carts", "purchases"),
    [
        ("order=ordered", 3, 1, 0),
        ("window=1d", 3, 2, 1),
        ("window=7d", 3, 2, 2),
        ("window=7d&order=ordered", 3, 1, 1),
        ("window=7d&segment=new", 3, 2, 1),
        ("window=7d&segment=returning", 1, 1, 1),
        ("window=7d&category=5", 2, 1, 1),
    ],
)
def test_a_visitor_who_begins_twice_counts_once_by_any_visit_that_leads_to_the_step(
    ask_lake, choice, visitors, carts, purchases
):
    context = ask_lake(f"?range=2015-06-01..2015-06-05&unit=visitor&{choice}")
    (now,) = [row for row in context.ask(queries.rates) if row["is_now"] and row["is_other_now"]]

    assert numbers.steps(context).now == numbers.Steps(visitors, visitors, carts, purchases)
    assert [now[name] for name in ("visits", "views", "carts", "purchases")] == [visitors, visitors, carts, purchases]


def test_each_category_of_entry_counts_the_visitors_that_began_in_it(ask_lake):
    roots = numbers.roots(ask_lake("?range=2015-06-01..2015-06-05&unit=visitor&window=7d"))

    assert [(r.category, r.total, r.view, r.cart, r.conversion.successes) for r in roots] == [
        (5, 2, 2, 1, 1),
        (6, 1, 1, 1, 1),
    ]


def test_a_visitor_whose_last_visits_have_not_had_their_time_counts_by_the_visits_before(ask_lake):
    found = numbers.steps(ask_lake("?range=2015-06-01..2015-06-20&unit=visitor&window=30d"))
    begun = numbers.steps(ask_lake("?range=2015-06-02..2015-06-16&unit=visitor&window=7d"))

    assert found.period.days < 1
    assert begun.now == numbers.Steps(4, 4, 2, 2) and begun.period.end.isoformat() == "2015-06-13"


def test_a_visit_on_its_own_counts_on_an_incomplete_day_too_but_no_day_whose_time_is_not_over(ask_lake):
    query = "?range=2015-06-18..2015-06-21"

    assert [followed.entries(ask_lake(query + each)).days for each in ("", "&order=ordered", "&window=1d")] == [4, 4, 2]


def test_a_visitor_of_both_periods_is_one_cluster_and_its_visits_are_no_further_draws(ask_lake):
    query = "?range=2015-06-08..2015-06-12&order=ordered&window=7d"
    visits, visitors = (
        PairedSums.of(ask_lake(query + unit).ask(queries.rates), "visits", "carts") for unit in ("", "&unit=visitor")
    )

    assert [getattr(visits, name) for name in ("x1", "x0", "x0x0", "y0y0", "x1x0", "x1y0")] == [2, 4, 6, 4, 2, 2]
    assert [getattr(visitors, name) for name in ("x1", "x0", "x0x0", "y0y0", "x1x0", "x1y0")] == [2, 3, 3, 1, 1, 1]


def test_the_interval_of_a_rate_of_visitors_is_that_of_a_plain_proportion(ask_lake):
    context = ask_lake("?range=2015-06-01..2015-06-05&unit=visitor&window=1d")
    sums = PairedSums.of(context.ask(queries.rates), *queries.RATES["purchase"])

    assert rate_interval(sums) == wilson(1, 3, effect=3 / 2)
