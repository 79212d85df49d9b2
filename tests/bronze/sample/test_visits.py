"""When shoppers come and what they do, against the figures of the official data and against real rows.

Figures are of the full official data, or of 5,000 randomly drawn visitors where a comment says so. Tolerances allow for
chance.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from .conftest import HALF_HOUR, REAL, SCALE, distance


def test_counts_grow_with_scale(shop):
    counts = shop.row("""
        SELECT count(*), count(DISTINCT visitor), count(DISTINCT item), (SELECT count(DISTINCT item) FROM properties),
            (SELECT count(*) FROM properties), (SELECT count(*) FROM visits) FROM events
    """)
    official = (2_755_641, 1_407_580, 235_061, 417_053, 20_275_902, 1_761_675)
    assert [count / SCALE for count in counts] == pytest.approx(official, rel=0.05)


def test_visitor_ids_are_spread_over_their_range(shop):
    quartiles = shop.row("SELECT quantile_disc(visitor, [0, 0.25, 0.5, 0.75, 1]) FROM visitors")[0]
    assert np.array(quartiles) / (1_407_580 * SCALE) == pytest.approx([0, 0.25, 0.5, 0.75, 1], abs=0.02)


def test_events_span_the_official_period(shop):
    first, last = shop.row("SELECT min(occurred_at), max(occurred_at) FROM events")
    assert 1_430_622_000_000 <= first < 1_430_622_000_000 + 3_600_000
    assert 1_442_545_200_000 - 7_200_000 < last < 1_442_545_200_000


def test_event_types_have_the_official_shares(shop):
    shares = dict(shop.rows("SELECT event, count(*) / sum(count(*)) OVER () FROM events GROUP BY event"))
    assert shares == {
        "view": pytest.approx(0.9667, abs=0.006),
        "addtocart": pytest.approx(0.0252, abs=0.004),
        "transaction": pytest.approx(0.0081, abs=0.002),
    }


LENGTHS = "SELECT count(*) FROM visits GROUP BY least(length, 11) ORDER BY least(length, 11)"


def test_visits_have_the_official_lengths(shop):
    shares = (0.7765, 0.1267, 0.0417, 0.0205, 0.0117, 0.0069, 0.0040, 0.0032, 0.0013, 0.0022, 0.0050)  # 5,000 visitors
    assert distance(shop.column(LENGTHS), shares) < 0.02
    mean, p99 = shop.row("SELECT avg(length), quantile_cont(length, 0.99) FROM visits")
    assert mean == pytest.approx(1.564, abs=0.05)
    assert p99 == pytest.approx(9, abs=1)


def test_visits_have_the_lengths_of_real_ones(shop, real):
    assert distance(shop.column(LENGTHS), real.column(LENGTHS)) < 0.03


def test_visitors_come_as_often_as_the_official_ones(shop):
    shares = shop.column(
        "SELECT count(*) / sum(count(*)) OVER () FROM visitors GROUP BY least(visits, 5) ORDER BY least(visits, 5)"
    )
    assert shares == pytest.approx([0.866, 0.091, 0.023, 0.009, 0.011], abs=0.005)
    mean, one, p99 = shop.row("SELECT avg(visits), avg((length = 1)::INT), quantile_cont(length, 0.99) FROM visitors")
    assert mean == pytest.approx(1.2516, abs=0.02)
    assert one == pytest.approx(0.712, abs=0.01)
    assert p99 == pytest.approx(13, abs=1)


QUARTILES = "[0.25, 0.5, 0.75, 0.9]"  # and the highest decile
PAUSES = f"SELECT quantile_cont(pause / 1000, {QUARTILES}) FROM events WHERE pause <= {HALF_HOUR} AND event = 'view'"
BREAKS = f"SELECT quantile_cont(pause / 3.6e6, {QUARTILES}) FROM events WHERE pause > {HALF_HOUR}"


def test_pauses_have_the_official_quartiles(shop):
    assert shop.row(PAUSES)[0] == pytest.approx([25, 64, 174, 494], rel=0.08)  # seconds, of 5,000 visitors
    assert shop.row(BREAKS)[0] == pytest.approx([5.4, 42, 238, 841], rel=0.15)  # hours, of 5,000 visitors


def test_pauses_have_the_quartiles_of_real_ones(shop, real):
    assert np.log(shop.row(PAUSES)[0]) == pytest.approx(np.log(real.row(PAUSES)[0]), abs=0.25)
    assert np.log(shop.row(BREAKS)[0]) == pytest.approx(np.log(real.row(BREAKS)[0]), abs=0.5)


def test_the_next_event_follows_the_official_chances(shop):
    chances = {
        event: dict(
            shop.rows(f"""
                SELECT coalesce(next_event, 'end'), count(*) / sum(count(*)) OVER () FROM events
                WHERE event = '{event}' GROUP BY 1""")
        )
        for event in ("view", "addtocart")
    }
    view, cart = chances["view"], chances["addtocart"]
    assert view["end"] == pytest.approx(0.675, abs=0.04)
    assert view["view"] == pytest.approx(0.305, abs=0.04)
    assert view["addtocart"] == pytest.approx(0.0182, abs=0.003)
    assert view["transaction"] == pytest.approx(0.0013, abs=0.001)
    assert cart["end"] == pytest.approx(0.28, abs=0.05)
    assert cart["view"] == pytest.approx(0.356, abs=0.05)
    assert cart["addtocart"] == pytest.approx(0.264, abs=0.05)
    assert cart["transaction"] == pytest.approx(0.155, abs=0.025)  # official: 0.10; 0.7 % of visits cart, then buy


def test_purchases_and_carts_are_as_rare_as_the_official_ones(shop):
    purchase, cart, cart_of_buyers, view_of_buyers = shop.row("""
        SELECT avg((purchases > 0)::INT), avg((carts > 0)::INT), avg((carts > 0)::INT) FILTER (purchases > 0),
            avg((views > 0)::INT) FILTER (purchases > 0) FROM visits
    """)
    assert purchase == pytest.approx(0.0081, abs=0.0012)
    assert cart == pytest.approx(0.0249, abs=0.0025)
    assert cart_of_buyers == pytest.approx(0.83, abs=0.05)
    assert view_of_buyers == pytest.approx(0.90, abs=0.05)


def test_visitors_browse_abandon_and_buy_as_the_official_ones(shop):
    shares = shop.row("""
        SELECT avg((carts = 0 AND purchases = 0)::INT), avg((carts > 0 AND purchases = 0)::INT),
            avg((purchases > 0)::INT) FROM visitors
    """)
    assert shares == pytest.approx((0.9724, 0.0193, 0.0083), abs=0.002)


def test_the_heaviest_visitors_mostly_buy(shop):
    held, buyers = shop.row("""
        SELECT sum(purchases) FILTER (length > 55) / sum(purchases),
            avg((purchases > 0)::INT) FILTER (length > 55) FROM visitors
    """)
    assert held == pytest.approx(0.325, abs=0.15)  # rests on some forty visitors
    assert buyers > 0.4


def test_the_first_cart_comes_when_it_officially_does(shop):
    shares = shop.column("""
        SELECT count(*) / sum(count(*)) OVER () FROM (
            SELECT count(*) FILTER (NOT carted) AS before FROM (
                SELECT visitor, visit, bool_or(event = 'addtocart') OVER (v ORDER BY place) AS carted,
                    bool_or(event = 'addtocart') OVER v AS has_cart
                FROM events WINDOW v AS (PARTITION BY visitor, visit)
            ) WHERE has_cart GROUP BY visitor, visit
        ) GROUP BY least(before, 4) ORDER BY least(before, 4)
    """)
    assert shares == pytest.approx([0.173, 0.449, 0.169, 0.069, 0.140], abs=0.05)


def test_orders_have_the_official_sizes(shop):
    several, mean, visitors = shop.row("""
        SELECT avg((size > 1)::INT), avg(size), max(visitors) FROM (
            SELECT count(*) AS size, count(DISTINCT visitor) AS visitors FROM events
            WHERE basket IS NOT NULL GROUP BY basket)
    """)
    assert several == pytest.approx(0.15, abs=0.03)
    assert mean == pytest.approx(1.27, abs=0.08)
    assert visitors == 1


def test_only_transactions_have_a_transaction_id_and_all_of_them_do(shop):
    assert shop.row("SELECT count(*), avg(((basket IS NOT NULL) = (event = 'transaction'))::INT) FROM events")[1] == 1


def test_hours_and_weekdays_are_the_official_ones(shop):
    if not REAL.exists():
        pytest.skip(f"the real figures are not at {REAL}")
    official = f"read_csv('{REAL}/aggregates/hour_weekday.csv')"
    weeks = shop.rows(f"""
        SELECT mine.size, views FROM {official} JOIN (
            SELECT dayname(moment) AS weekday_utc, hour(moment) AS hour_utc, count(*) AS size
            FROM events WHERE event = 'view' GROUP BY ALL
        ) AS mine USING (weekday_utc, hour_utc)
    """)
    mine, views = zip(*weeks, strict=True)
    assert len(weeks) == 168
    assert distance(mine, views) < 0.05
    assert np.corrcoef(mine, views)[0, 1] > 0.98


def test_days_are_the_official_ones(shop):
    if not REAL.exists():
        pytest.skip(f"the real figures are not at {REAL}")
    days = shop.rows(f"""
        SELECT size, views FROM read_csv('{REAL}/aggregates/daily.csv') JOIN (
            SELECT moment::DATE AS date_utc, count(*) AS size FROM events WHERE event = 'view' GROUP BY ALL
        ) USING (date_utc)
    """)
    mine, views = zip(*days, strict=True)
    assert len(days) == 139
    assert distance(mine, views) < 0.04


def test_purchases_come_on_working_days_and_in_the_evening(shop):
    hours = dict(shop.rows("SELECT hour(started_at), avg((purchases > 0)::INT) FROM visits GROUP BY 1"))
    weekdays = dict(
        shop.rows("""
            SELECT dayofweek(started_at) IN (0, 6) AS is_weekend, avg((purchases > 0)::INT)
            FROM visits GROUP BY 1""")
    )
    assert np.mean([hours[hour] for hour in range(16, 22)]) > 1.3 * np.mean([hours[hour] for hour in range(1, 7)])
    assert 0.45 < weekdays[True] / weekdays[False] < 0.85  # official: 0.66 purchases per view


def test_the_spike_of_july_brings_views_but_no_interest(shop):
    (views,) = shop.row("""
        SELECT count(*) FROM events WHERE event = 'view' AND moment::DATE IN ('2015-07-25', '2015-07-26')
    """)
    assert views / SCALE == pytest.approx(26_512 + 32_047, rel=0.1)
    spike, weekends = shop.row("""
        SELECT avg((purchases > 0)::INT) FILTER (is_spike), avg((purchases > 0)::INT) FILTER (NOT is_spike)
        FROM (SELECT *, started_at::DATE IN ('2015-07-25', '2015-07-26') AS is_spike FROM visits)
        WHERE dayofweek(started_at) IN (0, 6)
    """)
    assert 0.4 < spike / weekends < 0.85


def ranking_skill(shop, features):
    """Area under the ROC of a logistic regression: does a visit buy? Learned on the first 70 % of the time."""
    visits = shop.connection.execute(f"""
        SELECT any_value(purchases) > 0 AS buys, hour(any_value(started_at)) AS hour, {features}
        FROM events JOIN visits USING (visitor, visit) WHERE bought_at IS NULL OR place < bought_at
        GROUP BY visitor, visit ORDER BY any_value(started_at), visitor
    """).fetchnumpy()
    buys, hour, *others = (np.asarray(column, dtype=float) for column in visits.values())
    matrix = np.column_stack([hour[:, None] == np.arange(24), *others])
    cut = int(0.7 * len(buys))
    model = LogisticRegression(max_iter=500).fit(matrix[:cut], buys[:cut])
    return roc_auc_score(buys[cut:], model.predict_proba(matrix[cut:])[:, 1])


def test_the_first_event_tells_a_little_of_the_purchase(shop):
    assert ranking_skill(shop, "arg_min(event, place) = 'addtocart' AS is_cart") == pytest.approx(0.635, abs=0.06)


def test_views_tell_more_of_the_purchase(shop):
    views = "count(*) FILTER (event = 'view') AS num_views, count(DISTINCT item) AS distinct_products"
    assert ranking_skill(shop, views) == pytest.approx(0.754, abs=0.08)


def test_everything_before_the_purchase_tells_most_of_it(shop):
    everything = """
        count(*) FILTER (event = 'view') AS num_views, count(*) FILTER (event = 'addtocart') AS num_adds,
        count(DISTINCT item) AS distinct_products
    """
    assert ranking_skill(shop, everything) == pytest.approx(0.945, abs=0.03)
