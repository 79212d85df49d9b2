"""The routes of the Query page, on real workers."""

import io
import os
import shutil
import signal
import time

import pyarrow.parquet as pq
import pytest

from app import server
from app.pages.query.examples import EXAMPLES
from app.site import Site
from app.sql import limits

from ...conftest import settings_of

PORT = 8050
HERE = {"Host": f"localhost:{PORT}", "Origin": f"http://localhost:{PORT}"}
SECONDS = 15.0  # a reader's patience
BOMB = "SELECT count(*) FROM range(10000000) a JOIN range(10000000) b ON a.id <> b.id"


@pytest.fixture(scope="module")
def site(sample_lake, tmp_path_factory):
    lake = shutil.copytree(sample_lake, tmp_path_factory.mktemp("query") / "lake")
    site = Site(settings_of(lake))
    site.lakes[""].refresh()
    yield site
    site.queries.close()


@pytest.fixture(scope="module")
def app(site):
    return server.make(site, PORT).server


@pytest.fixture(scope="module")
def client(app):
    return app.test_client()


def ask(client, sql, act="run"):
    return client.post("/api/v1/queries", json={"sql": sql, "act": act}, headers=HERE)


def result(client, sql, act="run"):
    """Ask and wait until it is over."""
    told = ask(client, sql, act).json
    while told["state"] in ("waiting", "working"):
        time.sleep(0.05)
        told = client.get(f"/api/v1/queries/{told['id']}", headers=HERE).json
    return told


def test_nothing_starts_before_somebody_asks_or_opens_the_page(site):
    assert site.queries.processes == []


def test_the_schema_tells_tables_and_columns_with_their_comments_and_starts_a_worker(client, site):
    tables = {each["name"]: each for each in client.get("/api/v1/queries/schema", headers=HERE).json["tables"]}
    assert ["event_hour", "int", "UTC hour of the events, 0-23"] in tables["gold.activity"]["columns"]
    assert {name.partition(".")[0] for name in tables} == {"gold", "silver"}
    assert not [name for name in tables if name.endswith("_quarantine")]
    assert len(site.queries.processes) == 1


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_rows_with_the_run_and_the_versions_it_read(client, site, name):
    told = result(client, EXAMPLES[name])
    assert told["state"] == "done", told
    assert told["rows"]
    assert told["run"] == site.lakes[""].ledger.published().number
    assert set(told["versions"]) <= set(site.lakes[""].ledger.published().versions)


def test_hours_of_the_example_are_those_of_the_gold_table(client, site):
    hours = {row[0]: row[1] for row in result(client, EXAMPLES["Activity by hour"])["rows"]}
    views = "SELECT event_hour, sum(num_events) AS n FROM gold.activity WHERE event_type = 'view' GROUP BY 1"
    assert hours == {row["event_hour"]: int(row["n"]) for row in site.lakes[""].current().rows(views)}


def test_a_result_is_fetched_as_csv_json_and_parquet_by_its_own_reader_alone(app, client):
    told = result(client, "SELECT 1 AS a, '=x' AS b")
    way = f"/api/v1/queries/{told['id']}"
    assert client.get(f"{way}/result.csv", headers=HERE).text == "a,b\n1,'=x\n"
    assert client.get(f"{way}/result.json", headers=HERE).json == {"columns": ["a", "b"], "rows": [[1, "=x"]]}
    parquet = pq.read_table(io.BytesIO(client.get(f"{way}/result.parquet", headers=HERE).data))
    assert parquet.to_pylist() == [{"a": 1, "b": "=x"}]
    assert app.test_client().get(way, headers=HERE).status_code == 404


def test_a_refused_query_tells_rule_and_sentence(client):
    told = result(client, "SELECT reflect('a', 'b')")
    assert (told["state"], told["rule"]) == ("ended", "function")
    assert told["message"].startswith("refused: function. reflect is not among the functions")


def test_a_plan_is_told_without_paths(client, site):
    plan = result(client, "SELECT count(*) FROM gold.activity", "plan")["plan"]
    assert "Physical Plan" in plan
    assert str(site.settings.lake_path) not in plan


def test_a_second_query_of_a_reader_is_refused_while_the_first_works_and_it_is_cancelled(app, client):
    first = ask(client, BOMB).json
    second = ask(client, "SELECT 1")
    assert (second.status_code, second.json["title"]) == (409, "Your last query still runs; one at a time.")
    assert result(app.test_client(), "SELECT 1")["rows"] == [[1]]  # another reader's
    client.post(f"/api/v1/queries/{first['id']}/cancel", headers=HERE)
    while (told := client.get(f"/api/v1/queries/{first['id']}", headers=HERE).json)["state"] != "ended":
        time.sleep(0.05)
    assert told["message"] == "The query was cancelled."


def working(client, sql):
    """Ask a query and wait until a worker has it."""
    told = ask(client, sql).json
    while told["state"] == "waiting":
        time.sleep(0.05)
        told = client.get(f"/api/v1/queries/{told['id']}", headers=HERE).json
    assert told["state"] == "working", told
    return told


def test_other_pages_answer_while_a_query_takes_all_it_can(app, client):
    bomb = working(client, BOMB)
    began = time.monotonic()
    answer = app.test_client().get("/api/v1/funnel-steps?range=all", headers=HERE)
    assert (answer.status_code, time.monotonic() - began < SECONDS) == (200, True)
    assert answer.json["rows"]
    told = client.post(f"/api/v1/queries/{bomb['id']}/cancel", json={}, headers=HERE).json
    while told["state"] == "working":
        time.sleep(0.05)
        told = client.get(f"/api/v1/queries/{bomb['id']}", headers=HERE).json
    assert told["state"] == "ended"


def test_ten_readers_wait_for_their_turn_two_at_once_and_each_gets_the_own_rows(app, site):
    readers = [app.test_client() for _ in range(10)]
    asked = [
        ask(reader, f"SELECT {number} AS n, count(*) FROM gold.funnel").json for number, reader in enumerate(readers)
    ]
    most = 0
    while any(each["state"] in ("waiting", "working") for each in asked):
        time.sleep(0.02)
        asked = [
            reader.get(f"/api/v1/queries/{each['id']}", headers=HERE).json
            for reader, each in zip(readers, asked, strict=True)
        ]
        most = max(most, len(site.queries.processes))  # each works on one query at a time
    assert [each["rows"][0][0] for each in asked] == list(range(10))
    assert most <= limits.MOST_AT_ONCE


def test_a_query_whose_worker_is_killed_ends_and_the_next_is_soon_answered_by_the_spare(app, client, site):
    both = [ask(each, "SELECT 1").json for each in (client, app.test_client())]  # both workers are warm afterwards
    assert len(both) == limits.MOST_AT_ONCE
    while any(not each.is_over for each in site.queries._queries.values()):
        time.sleep(0.05)
    bomb = working(client, BOMB)
    (busy,) = site.queries._busy
    os.killpg(busy.pid, signal.SIGKILL)
    while (told := client.get(f"/api/v1/queries/{bomb['id']}", headers=HERE).json)["state"] == "working":
        time.sleep(0.05)
    assert (told["state"], told["message"] != "") == ("ended", True)
    began = time.monotonic()
    assert result(client, "SELECT 3")["rows"] == [[3]]
    assert time.monotonic() - began < SECONDS


def test_a_killed_worker_is_replaced(client, site):
    result(client, "SELECT 1")
    for pid in site.queries.processes:
        os.killpg(pid, signal.SIGKILL)
    while site.queries.processes:
        time.sleep(0.05)
    assert result(client, "SELECT 2")["rows"] == [[2]]


def test_a_query_is_saved_under_a_name_listed_and_removed(client):
    said = {"name": "two", "sql": "SELECT 2"}
    assert client.put("/api/v1/queries/saved", json=said, headers=HERE).status_code == 204
    assert said in client.get("/api/v1/queries", headers=HERE).json["saved"]
    assert client.delete("/api/v1/queries/saved", json=said, headers=HERE).status_code == 204
    assert client.get("/api/v1/queries", headers=HERE).json["saved"] == []


def test_the_history_is_that_of_its_reader(app, client):
    result(client, "SELECT 'mine'")
    assert client.get("/api/v1/queries", headers=HERE).json["history"][0]["sql"] == "SELECT 'mine'"
    assert app.test_client().get("/api/v1/queries", headers=HERE).json["history"] == []


def test_workers_that_nobody_asks_end(site):
    from app.sql.pool import Pool

    pool = Pool(idle_minutes=0.01)
    pool.warm(site.settings)
    while pool.processes:
        time.sleep(0.1)
