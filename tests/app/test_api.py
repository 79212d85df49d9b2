"""GET /api/v1/…: every question by its route, as JSON, CSV or SQL, with run and versions; problems; the description."""

import csv
import io
import json
import re

import duckdb
import pytest

from app import api, pages, server
from app.api.routes import neutral
from app.site import Site
from lakehouse.errors import LakehouseError
from lakehouse.lake import open_lake
from lakehouse.settings import PROJECT

from .conftest import HERE, PORT

NEW_TABLES = {
    "gold.visit_segments",
    "gold.cohorts",
    "gold.paths",
    "gold.conversion_times",
    "gold.funnel_windows",
    "gold.session_lengths",
}


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
