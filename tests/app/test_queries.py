from datetime import UTC, date, datetime

import duckdb
import pytest

from app import queries
from app.data import Publication
from app.queries import Root, Skips, Steps
from app.view import Period
from lakehouse.completeness import TimeBounds

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2015, 6, day) for day in (1, 2, 3, 4))


@pytest.fixture
def publication() -> Publication:
    """Two days, three visitors: 7 came on both days and bought without a cart on the second."""
    database = duckdb.connect(":memory:")
    database.execute("ATTACH ':memory:' AS tiny; CREATE SCHEMA tiny.gold; USE tiny")
    database.execute("""
        CREATE TABLE gold.daily_kpis AS SELECT * FROM (VALUES
            (DATE '2015-06-01', 2, 3, 2, 1, 1, 0, 4, 1, 0, 0),
            (DATE '2015-06-03', 2, 2, 1, 1, 0, 1, 3, 1, 2, 1)
        ) AS t(session_date, num_visitors, num_sessions, num_bounces, num_cart_sessions, num_abandoned_carts,
               num_purchase_sessions, num_views, num_adds, num_transactions, num_orders);
        CREATE TABLE gold.visitor_days AS SELECT * FROM (VALUES
            (DATE '2015-06-01', 10, 7, 2, 2, 0, 0, 0, 0),
            (DATE '2015-06-01', -1, 8, 1, 1, 1, 0, 0, 0),
            (DATE '2015-06-03', 20, 7, 1, 1, 0, 1, 0, 1),
            (DATE '2015-06-03', 10, 9, 1, 0, 1, 0, 1, 0)
        ) AS t(session_date, root_category_id, visitor_id, num_sessions, num_view_sessions, num_cart_sessions,
               num_purchase_sessions, num_carts_without_view, num_purchases_without_cart);
        CREATE TABLE gold.funnel AS
            SELECT session_date, root_category_id, sum(num_sessions) AS num_sessions,
                   sum(num_view_sessions) AS num_view_sessions, sum(num_cart_sessions) AS num_cart_sessions,
                   sum(num_purchase_sessions) AS num_purchase_sessions,
                   sum(num_carts_without_view) AS num_carts_without_view,
                   sum(num_purchases_without_cart) AS num_purchases_without_cart
            FROM (FROM gold.visitor_days UNION ALL SELECT * REPLACE (-2 AS root_category_id) FROM gold.visitor_days)
            GROUP BY ALL
    """)
    instant = datetime(2015, 6, 4, 6, tzinfo=UTC)
    return Publication("run", instant, {}, TimeBounds(MONDAY, WEDNESDAY, WEDNESDAY), database, "tiny")


def test_a_visitor_of_two_days_counts_once_over_both(publication):
    totals = queries.totals(publication, Period(MONDAY, WEDNESDAY))

    assert (totals.visits, totals.visitors, totals.orders) == (5, 3, 1)


def test_rates_name_their_denominators_and_nothing_divided_by_nothing_is_0(publication):
    both, none = (
        queries.totals(publication, period) for period in (Period(MONDAY, WEDNESDAY), Period(TUESDAY, TUESDAY))
    )

    assert (both.conversion, both.abandonment, both.bounce_rate) == (1 / 5, 1 / 2, 3 / 5)
    assert (none.conversion, none.abandonment, none.bounce_rate) == (0, 0, 0)


def test_a_day_without_a_visit_is_a_row_of_zeros(publication):
    days = queries.daily(publication, Period(MONDAY, WEDNESDAY))

    assert [(each.day, each.visits) for each in days] == [(MONDAY, 3), (TUESDAY, 0), (WEDNESDAY, 2)]


def test_visits_are_added_over_days_and_visitors_are_not(publication):
    period = Period(MONDAY, WEDNESDAY)

    assert queries.steps(publication, period, "session") == Steps(total=5, view=4, cart=2, purchase=1)
    assert queries.steps(publication, period, "visitor") == Steps(total=3, view=2, cart=2, purchase=1)


def test_root_categories_leave_out_the_row_over_all(publication):
    period = Period(MONDAY, WEDNESDAY)

    assert queries.roots(publication, period, "session") == [
        Root(total=3, view=2, cart=1, purchase=0, root_category_id=10),
        Root(total=1, view=1, cart=1, purchase=0, root_category_id=-1),
        Root(total=1, view=1, cart=0, purchase=1, root_category_id=20),
    ]
    assert [root.total for root in queries.roots(publication, period, "visitor")] == [2, 1, 1]


def test_skipped_steps_are_counted_beside_the_steps(publication):
    assert queries.skips(publication, Period(MONDAY, WEDNESDAY)) == Skips(2, 1, 1, 1)


def test_a_period_outside_the_data_is_empty_and_no_error(publication):
    period = Period(THURSDAY, THURSDAY)

    assert (
        queries.steps(publication, period, "session")
        == queries.steps(publication, period, "visitor")
        == Steps(0, 0, 0, 0)
    )
    assert queries.roots(publication, period, "session") == []
