import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace

import duckdb
import pytest

from app import api, pages, server
from app.api.routes import neutral
from app.pages.about import queries as about
from app.pages.funnel import numbers
from app.pages.journeys.queries import STEPS
from app.site import Site
from lakehouse.errors import LakehouseError
from lakehouse.lake import open_lake
from lakehouse.settings import PROJECT

PORT = 8050
HERE = {"Host": f"localhost:{PORT}"}
NEW_TABLES = {
    "gold.visit_segments",
    "gold.cohorts",
    "gold.paths",
    "gold.conversion_times",
    "gold.funnel_windows",
    "gold.session_lengths",
}


@pytest.fixture(scope="module")
def get(settings_for):
    site = Site(settings_for())
    site.lakes[""].refresh()
    client = server.make(site, PORT).server.test_client()
    return lambda path, **headers: client.get(path, headers=HERE | headers)


@pytest.fixture(scope="module")
def silver(built_lake, settings_for):
    """DuckDB over silver of the sample lake: the numbers that no page has touched."""
    lake = open_lake(settings_for())
    database = duckdb.connect()
    for name in ("sessions", "session_events", "categories"):
        database.register(name, lake.store.arrow(f"silver.{name}"))
    return database


@pytest.mark.parametrize("name", pages.all_queries())
def test_every_question_is_answered_with_run_and_versions_or_the_command_that_mends_it(get, name):
    answer = get(f"/api/v1/{name}")
    query = pages.all_queries()[name]

    if answer.status_code == 409:
        assert answer.mimetype == "application/problem+json"
        assert answer.json["remedy"] == "lakehouse run"
        assert set(query.reads) & NEW_TABLES
    else:
        assert answer.status_code == 200
        assert answer.json["run"]["id"] and answer.json["versions"].keys() <= set(query.reads)
        assert answer.headers["X-Run"] == answer.json["run"]["id"]
        assert query.description.endswith(".")


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
    sums = {row["rate"]: row for row in get(f"/api/v1/funnel-rates{query}").json["rows"]}

    assert found[0] > 0
    assert (steps["view"], steps["cart"], steps["purchase"]) == found
    assert (sums["cart"]["x1"], sums["cart"]["y1"], sums["purchase"]["y1"]) == found
    roots = get(f"/api/v1/funnel-roots{query}").json["rows"]
    if unit == "session" or "category" in part:  # a visitor may have entered through several
        assert (
            tuple(sum(row["y1"] for row in roots if row["rate"] == rate) for rate in ("view", "cart", "purchase"))
            == found
        )


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
    top = {"-1", *sorted(touched, key=lambda root: (-touched[root], root))[:3]}
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


def test_all_rows_set_aside_can_be_downloaded_as_they_came(get, built_lake, settings_for):
    lake = open_lake(settings_for())
    aside = lake.store.arrow("silver.events_quarantine").to_pylist()
    text = get("/api/v1/lineage-refused.csv?table=silver.events").text
    lines = list(csv.DictReader(io.StringIO(text)))

    assert len(lines) == len(aside) > 10
    assert sorted(line["broken_rules"] for line in lines) == sorted("; ".join(row["_broken_rules"]) for row in aside)
    assert sorted(line["visitorid"] for line in lines) == sorted(str(neutral(row["visitorid"] or "")) for row in aside)
    assert get("/api/v1/lineage-refused?table=gold.funnel").json["rows"] == []


def test_an_answer_that_is_still_the_same_is_not_sent_again(get):
    etag = get("/api/v1/overview-by-day").headers["ETag"]

    assert get("/api/v1/overview-by-day", **{"If-None-Match": etag}).status_code == 304
    assert get("/api/v1/overview-by-day?range=7d", **{"If-None-Match": etag}).status_code == 200


def test_the_same_rows_come_as_csv(get):
    rows = get("/api/v1/overview-by-day?range=7d").json["rows"]
    answer = get("/api/v1/overview-by-day.csv?range=7d")
    lines = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.mimetype == "text/csv"
    assert lines == [{name: str(value) for name, value in row.items()} for row in rows]


def test_all_visits_that_went_no_further_can_be_downloaded(get, silver):
    text = get("/api/v1/funnel-dropped-visits.csv?range=all&dropped=view").text
    days = [each["session_date"] for each in get("/api/v1/overview-by-day?range=all").json["rows"]]
    (number,) = silver.execute(
        "SELECT count(*) FROM sessions WHERE num_views > 0 AND num_adds = 0 AND num_transactions = 0 AND session_date BETWEEN ? AND ?",
        [days[0], days[-1]],
    ).fetchone()

    assert len(text.splitlines()) == number + 1 > 1_000


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(cell):
    assert neutral(cell) == f"'{cell}"
    assert (neutral(-1), neutral("1-1"), neutral(None)) == (-1, "1-1", None)


def test_the_sql_is_what_somebody_may_run(get, built_lake, settings_for):
    sql = get("/api/v1/funnel-visit-steps.sql?range=7d").text
    lake = open_lake(settings_for())
    database = duckdb.connect()
    database.execute("CREATE SCHEMA gold")
    database.register("arrow", lake.store.arrow("gold.funnel"))
    database.execute("CREATE TABLE gold.funnel AS FROM arrow")

    assert database.execute(sql).fetchone() == tuple(
        get("/api/v1/funnel-visit-steps?range=7d").json["rows"][0].values()
    )


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/api/v1/nothing", 404, "There is no question nothing."),
        ("/api/v1/funnel-steps.xml", 404, "There is no question funnel-steps.xml."),
        ("/api/v1/funnel-steps?range=5y", 400, "range=5y is not possible."),
        ("/api/v1/funnel-steps?nothing=1", 400, "There is no parameter nothing."),
        ("/api/v1/funnel-steps?lake=Summer", 400, "The site has no dataset Summer."),
        ("/api/v1/funnel-steps?run=999", 400, "Run 999 of this lake does not exist."),
        ("/api/v1/journeys-paths", 409, "This lake has no gold.paths yet; an older release built it."),
    ],
)
def test_a_problem_says_what_happened_and_what_mends_it(get, path, status, title):
    if path.endswith("paths") and get(path).status_code == 200:
        pytest.skip("this lake has the table")
    answer = get(path)

    assert (answer.status_code, answer.mimetype, answer.json["title"]) == (status, "application/problem+json", title)
    assert answer.json["remedy"]


def test_a_lake_without_a_publication_is_a_problem_too(lake):
    client = server.make(Site(lake.settings), PORT).server.test_client()
    answer = client.get("/api/v1/funnel-steps", headers=HERE)

    assert (answer.status_code, answer.json["remedy"]) == (503, "lakehouse run")
    assert client.get("/health", headers=HERE).json["status"] == "empty"


def test_the_description_names_every_question_and_its_parameters(get):
    document = get("/api/v1/openapi.json").json

    assert document["openapi"].startswith("3.1")
    kept = {"/views", "/notes", "/notes/{number}", "/score", "/recommendations", "/model-card.md"}
    others = {path for path in document["paths"] if path.startswith(("/jobs", "/datasets", "/queries"))}
    assert set(document["paths"]) - others == {f"/{name}" for name in pages.all_queries()} | kept
    assert document["servers"] == [{"url": "/api/v1"}]
    parameters = {each["name"] for each in document["paths"]["/funnel-steps"]["get"]["parameters"]}
    assert {"range", "segment", "category", "unit", "order", "window", "lake", "run"} <= parameters


def test_the_description_names_every_act_on_what_readers_keep(lake):
    app = server.make(Site(lake.settings), PORT).server
    client = app.test_client()
    described = client.get("/api/v1/openapi.json", headers=HERE).json["paths"]
    acts = {
        (re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule.rule).replace("{identity}", "{id}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(("/api/v1/views", "/api/v1/notes", "/api/v1/queries"))
    }
    kept = [path for path in described if path.startswith(("/views", "/notes", "/queries"))]
    assert len(acts) > 12
    assert acts == {(f"/api/v1{path}", act) for path in kept for act in described[path] if act != "parameters"}


def test_health_tells_publication_and_model(get):
    assert {"status", "run", "run_id", "built_at", "complete_through", "model_version"} <= get("/health").json.keys()


SNIPPETS = re.findall(r"```python\n(.*?)```", (PROJECT / "docs" / "site.md").read_text(), re.DOTALL)


def test_the_snippet_of_the_documentation_prints_days(built_lake, capsys):
    (code,) = SNIPPETS
    exec(code, {"lake": str(built_lake)})

    assert "num_orders" in capsys.readouterr().out


def test_a_notebook_gets_the_same_frames(get, settings_for):
    frame = api.frame("funnel-roots", settings=settings_for(), range="28d")
    answer = get("/api/v1/funnel-roots?range=28d").json

    assert json.loads(frame.to_json(orient="records")) == answer["rows"]
    assert frame.attrs["versions"] == answer["versions"]
    with pytest.raises(LakehouseError, match="no question nothing"):
        api.frame("nothing", settings=settings_for())
