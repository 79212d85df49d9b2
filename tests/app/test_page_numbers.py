"""The numbers of every page equal a count of silver that no page has touched."""

from collections import Counter
from dataclasses import replace

import pytest

from app import pages
from app.data.derived import STEPS
from app.pages.about import queries as about
from app.pages.funnel import numbers


def test_the_key_figures_equal_a_count_of_the_visits(get, silver):
    days = get("/api/v1/overview-by-day?range=all").json["rows"]
    first, last = days[0]["session_date"], days[-1]["session_date"]
    found = silver.execute(
        """SELECT count(*), count(*) FILTER (num_adds > 0), count(*) FILTER (num_adds > 0 AND num_transactions = 0),
                  count(*) FILTER (num_transactions > 0), sum(num_views), count(DISTINCT visitor_id)
           FROM sessions WHERE session_date BETWEEN ? AND ?""",
        [first, last],
    ).fetchone()
    orders = silver.execute(
        """SELECT count(DISTINCT (session_date, transaction_id)) FROM session_events
           WHERE event_type = 'transaction' AND session_date BETWEEN ? AND ?""",
        [first, last],
    ).fetchone()
    names = (
        "num_sessions",
        "num_cart_sessions",
        "num_abandoned_carts",
        "num_purchase_sessions",
        "num_views",
        "num_orders",
    )
    totals = [sum(day[name] for day in days) for name in names]
    visitors = get("/api/v1/overview-visitors?range=all").json["rows"][0]["num_visitors"]

    assert (*totals[:5], visitors, totals[5]) == (*found, *orders)


def test_the_funnel_equals_a_count_of_the_visits_by_visit_and_by_visitor(get, silver):
    row = get("/api/v1/funnel-steps?range=28d").json
    days = [each["session_date"] for each in get("/api/v1/overview-by-day?range=28d").json["rows"]]
    for unit, counted in (("session", "(visitor_id, started_at)"), ("visitor", "visitor_id")):
        found = silver.execute(
            f"""SELECT count(DISTINCT {counted}), count(DISTINCT {counted}) FILTER (num_views > 0),
                       count(DISTINCT {counted}) FILTER (num_adds > 0), count(DISTINCT {counted}) FILTER (num_transactions > 0)
                FROM sessions WHERE session_date BETWEEN ? AND ?""",
            [days[0], days[-1]],
        ).fetchone()
        row = get(f"/api/v1/funnel-steps?range=28d&unit={unit}").json["rows"][0]

        assert tuple(row.values()) == found


@pytest.mark.parametrize("part", ["", "&segment=returning", "&category=-1"])
@pytest.mark.parametrize(("unit", "counted"), [("session", "(visitor_id, started_at)"), ("visitor", "visitor_id")])
@pytest.mark.parametrize(("window", "order"), [(0, "ordered"), (1, "any"), (1, "ordered"), (7, "any"), (7, "ordered")])
def test_the_funnel_over_days_equals_a_search_of_the_events_and_so_do_the_sums_of_its_intervals(
    get, silver, window, order, unit, counted, part
):
    query = f"?range=28d&unit={unit}&order={order}&window={'visit' if window == 0 else f'{window}d'}{part}"
    bounds = [each["session_date"] for each in get("/api/v1/overview-by-day?range=28d").json["rows"]]
    found = silver.execute(
        f"""WITH visits AS (
               SELECT visitor_id, started_at, session_date, max(occurred_at) AS ended_at,
                      min(occurred_at) FILTER (event_type = 'view') AS viewed_at,
                      max(category_id) FILTER (position = 1) AS category_id,
                      started_at > min(started_at) OVER (PARTITION BY visitor_id) AS is_returning
               FROM session_events GROUP BY visitor_id, started_at, session_date),
           meant AS (
               SELECT visits.* FROM visits LEFT JOIN categories USING (category_id)
               WHERE session_date BETWEEN $start::DATE AND $end::DATE - $days::INTEGER AND viewed_at IS NOT NULL
                 AND ($part <> '&segment=returning' OR is_returning) AND ($part <> '&category=-1' OR root_id IS NULL)),
           timed AS (SELECT *, CASE WHEN $days > 0 THEN greatest(ended_at, viewed_at + to_days($days::INTEGER))
                                    ELSE ended_at END AS latest FROM meant),
           carts AS (
               SELECT v.*, (SELECT min(e.occurred_at) FROM session_events e WHERE e.visitor_id = v.visitor_id
                            AND e.event_type = 'addtocart'
                            AND e.occurred_at >= CASE WHEN $ordered THEN v.viewed_at ELSE v.started_at END) AS cart_at
               FROM timed v),
           purchases AS (
               SELECT c.*, (SELECT min(e.occurred_at) FROM session_events e WHERE e.visitor_id = c.visitor_id
                            AND e.event_type = 'transaction'
                            AND e.occurred_at >= CASE WHEN $ordered THEN c.cart_at ELSE c.started_at END) AS bought_at
               FROM carts c)
           SELECT count(DISTINCT {counted}), count(DISTINCT {counted}) FILTER (cart_at <= latest),
                  count(DISTINCT {counted}) FILTER (bought_at <= latest) FROM purchases""",
        {"start": bounds[0], "end": bounds[-1], "days": window, "ordered": order == "ordered", "part": part},
    ).fetchone()
    (steps,) = get(f"/api/v1/funnel-steps{query}").json["rows"]
    (sums,) = [each for each in get(f"/api/v1/funnel-rates{query}").json["rows"] if is_now(each)]

    assert found[0] > 0
    assert (steps["view"], steps["cart"], steps["purchase"]) == found
    assert (sums["visits"], sums["carts"], sums["purchases"]) == found
    roots = [each for each in get(f"/api/v1/funnel-roots{query}").json["rows"] if is_now(each)]
    if unit == "session" or "category" in part:  # a visitor may have entered through several
        assert tuple(sum(each[name] or 0 for each in roots) for name in ("views", "carts", "purchases")) == found


def is_now(row):
    return row["is_now"] and row["is_other_now"]


def test_a_window_that_no_visit_of_the_days_has_had_yet_is_said(ask):
    steps = next(card for card in pages.find("/funnel").cards if card.name == "steps")

    assert "No visit of these days has had 30 days yet" in str(steps.content("funnel", ask("?range=7d&window=30d")))


@pytest.mark.parametrize("unit", ["session", "visitor"])
def test_a_funnel_over_days_is_compared_with_as_many_days_before_and_says_what_may_be_noise(ask, unit):
    context = ask(f"?range=28d&window=7d&unit={unit}")
    found = numbers.steps(context)
    shown = str(next(c for c in pages.find("/funnel").cards if c.name == "steps").content("funnel", context))

    assert found.period.days == 21 and found.before.total > 0
    assert [found.changes[name].former for name in ("view", "cart", "purchase")] == list(found.before.shares)
    assert [found.changes[name].value for name in ("view", "cart", "purchase")] == list(found.now.shares)
    assert "likely noise" in shown or "The cart rate" in shown


def test_categories_activity_and_journeys_equal_a_count_of_the_events(get, silver):
    bounds = [each["session_date"] for each in get("/api/v1/overview-by-day?range=all").json["rows"]]
    dates = [bounds[0], bounds[-1]]
    by_root = silver.execute(
        """SELECT coalesce(root_id, category_id, -1) AS root, count(DISTINCT (visitor_id, started_at)) AS visits
           FROM session_events LEFT JOIN categories USING (category_id)
           WHERE session_date BETWEEN ? AND ? GROUP BY root""",
        dates,
    ).fetchall()
    by_hour = silver.execute(
        """SELECT isodow(event_date), hour(occurred_at), count(*) FROM session_events
           WHERE event_date BETWEEN ? AND ? AND event_type = 'view' GROUP BY ALL""",
        dates,
    ).fetchall()
    lengths = silver.execute(
        """SELECT least(num_events, 20), count(*) FROM sessions WHERE session_date BETWEEN ? AND ? GROUP BY 1""", dates
    ).fetchall()
    returned = silver.execute(
        """WITH weeks AS (SELECT DISTINCT visitor_id, date_trunc('week', session_date)::DATE AS week FROM sessions),
                firsts AS (SELECT visitor_id, min(week) AS first FROM weeks GROUP BY visitor_id)
           SELECT first, (week - first) // 7, count(*) FROM weeks JOIN firsts USING (visitor_id) GROUP BY ALL"""
    ).fetchall()

    level = get("/api/v1/categories-level?range=all").json["rows"]
    assert {(row["category_id"], row["visits"]) for row in level} == set(by_root)
    hours = get("/api/v1/activity-hours?range=all").json["rows"]
    assert {(row["weekday"], row["event_hour"], row["num_events"]) for row in hours} == set(by_hour)
    found = Counter()
    for row in get("/api/v1/activity-lengths?range=all").json["rows"]:
        found[row["num_events"]] += row["num_sessions"]
    assert found == dict(lengths)
    cohorts = get("/api/v1/journeys-cohorts").json["rows"]
    assert {(row["cohort_week"], row["week_number"], row["num_visitors"]) for row in cohorts} == {
        (week.isoformat(), later, number) for week, later, number in returned
    }
    paths = get("/api/v1/journeys-paths?range=all").json["rows"]
    flows = get("/api/v1/journeys-flows?range=all").json["rows"]
    whole = sum(row["num_sessions"] for row in paths)
    assert whole == sum(row["num_sessions"] for row in flows) == sum(number for _, number in lengths)


def test_the_flows_are_the_paths_with_three_categories_by_name_and_equals_in_a_row_folded(get):
    paths = get("/api/v1/journeys-paths?range=all").json["rows"]
    touched = Counter()
    for row in paths:
        for root in {row[name].partition(":")[2] for name in STEPS if row[name]} - {"-1"}:
            touched[root] += row["num_sessions"]
    top = {"-1", *sorted(touched, key=lambda root: (-touched[root], int(root)))[:3]}
    expected = Counter()
    for row in paths:
        way = [
            f"{kind}:{root if root in top else 'other'}"
            for kind, _, root in (row[n].partition(":") for n in STEPS if row[n])
        ]
        folded = [step for place, step in enumerate(way) if place == 0 or step != way[place - 1]]
        expected[(*folded, None, None, None)[:3]] += row["num_sessions"]
    found = Counter()
    for row in get("/api/v1/journeys-flows?range=all&steps=3").json["rows"]:
        found[tuple(row[name] for name in STEPS[:3])] += row["num_sessions"]

    assert found == expected


def test_the_self_check_compares_every_page_and_tells_a_number_that_differs(ask, monkeypatch):
    check = next(card for card in pages.find("/about").cards if card.name == "check")
    shown = ask("?range=all")
    assert f"All {len(about.CHECKS)} numbers agree" in str(check.content("about", shown))
    assert {each.page for each in about.CHECKS} == {
        page.name for page in pages.all_pages() if page.group == pages.GROUPS[0]
    }
    wrong = [replace(about.CHECKS[0], gold="sum(num_sessions) + 1 FROM gold.daily_kpis"), *about.CHECKS[1:]]
    monkeypatch.setattr(about, "CHECKS", wrong)

    assert f"1 of {len(wrong)} numbers differ" in str(check.content("about", shown))
