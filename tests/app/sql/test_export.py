"""All rows of a query: streamed by the same guard and worker, into a file that is whole or not there."""

import csv
import io
import time
from contextlib import nullcontext
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from app import server
from app.jobs import files
from app.site import Site
from app.sql import export, limits, published
from app.sql.text import Refused
from lakehouse import processes
from lakehouse.cli import main as cli
from lakehouse.errors import LakehouseError

PORT = 8050
HERE = {"Host": f"localhost:{PORT}", "Origin": f"http://localhost:{PORT}"}
ALL_KINDS = (
    "SELECT id, id % 3 = 0 AS `is third`, CAST(id AS DECIMAL(9,2)) AS price, TIMESTAMP '2015-06-01 10:00:00' AS at, "
    "DATE '2015-06-01' AS day, array(id, NULL) AS list, named_struct('a', '=1') AS part, map('k', id) AS pairs, "
    "NULL AS nothing, INTERVAL '1' DAY AS pause, '=x' AS id FROM range(2)"
)


@pytest.fixture
def wrote(desk, monkeypatch):
    """Write all rows of a query on the one worker; return the file's bytes, and what the log says."""
    desk.ask("SELECT 1")
    monkeypatch.setattr(export, "Process", lambda settings, folder: nullcontext(desk.living))
    run = next(each for each in [published.run_of(desk.lake, None)] if each)

    def write(sql: str, form: str = "csv"):
        target = io.BytesIO()
        asked = export.export(desk.settings, sql, run, "test", target, form, None, lambda *_: None)
        return target.getvalue(), asked

    return write


def test_all_rows_come_in_the_order_of_the_query_beyond_the_first_thousand(wrote):
    content, asked = wrote("SELECT id, 'n' FROM range(25000) ORDER BY id DESC")
    rows = list(csv.reader(io.StringIO(content.decode())))
    assert rows[0] == ["id", "n"]
    assert [int(row[0]) for row in rows[1:]] == list(range(24_999, -1, -1))
    assert (asked.num_rows, asked.verdict) == (25_000, "done")


def test_every_kind_of_value_is_written_as_for_the_first_thousand_rows(wrote, desk):
    from app.sql import results

    content, _ = wrote(ALL_KINDS.replace("INTERVAL '1' DAY AS pause, ", ""))
    assert content.decode() == results.as_csv(desk.ask(ALL_KINDS.replace("INTERVAL '1' DAY AS pause, ", "")).rows)


def test_a_name_that_comes_twice_and_a_type_that_parquet_has_not_are_written(wrote):
    table = pq.read_table(io.BytesIO(wrote(ALL_KINDS, "parquet")[0]))
    assert (table.num_rows, table.column_names[-1]) == (2, "id_2")
    assert "DAY" in table["pause"][0].as_py()


@pytest.mark.parametrize("form", export.FORMS)
def test_a_query_without_rows_still_names_its_columns(wrote, form):
    content, asked = wrote("SELECT event, ts FROM events WHERE false", form)
    names = content.decode().strip().split(",") if form == "csv" else pq.read_table(io.BytesIO(content)).column_names
    assert (names, asked.num_rows) == (["event", "ts"], 0)


def test_a_cell_that_a_spreadsheet_takes_for_a_formula_is_neutral(wrote):
    assert wrote("SELECT '=1+1' AS `@x`, -1 AS y")[0] == b"'@x,y\n'=1+1,-1\n"


def test_all_rows_of_a_hostile_query_are_refused_by_its_rule(wrote):
    with pytest.raises(Refused, match="function"):
        wrote("SELECT reflect('java.lang.System', 'getenv', 'SECRET')")


def test_a_cell_that_is_too_long_ends_an_export_with_a_sentence(wrote):
    doubled = "".join(f", concat(a{i}, a{i}) AS a{i + 1}" for i in range(12))
    with pytest.raises(LakehouseError, match="A cell of a12 has more than 10,000 characters"):
        wrote(f"SELECT a12 FROM (SELECT 'four' AS a0{doubled})")


def test_rows_that_take_too_much_room_end_an_export_while_spark_writes_them(wrote, monkeypatch):
    monkeypatch.setattr(limits, "MOST_EXPORT_BYTES", 1_000)
    with pytest.raises(LakehouseError, match="more than 0 GB"):
        wrote("SELECT id FROM range(5000)")


def test_the_command_writes_all_rows_to_a_file_and_leaves_none_of_a_query_that_fails(
    wrote, desk, monkeypatch, capsys, tmp_path
):
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(desk.settings.lake_path))
    path = tmp_path / "rows.csv"

    def command(sql: str) -> int:
        with pytest.raises(SystemExit) as ended:
            cli.main(["query", sql, "--all-rows", "--format", "csv", "--output", str(path)])
        return int(ended.value.code or 0)

    assert command("SELECT nothing FROM events") == 1
    assert list(tmp_path.iterdir()) == []
    assert command("SELECT id FROM range(1500)") == 0
    assert len(path.read_text().splitlines()) == 1_501
    assert "1,500 rows" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--all-rows"], "not written as table"), (["--format", "parquet"], "Parquet is not text")],
)
def test_a_form_that_rows_cannot_have_is_refused_before_spark_starts(desk, monkeypatch, capsys, arguments, words):
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(desk.settings.lake_path))
    with pytest.raises(SystemExit) as ended:
        cli.main(["query", "SELECT 1", *arguments])
    assert (ended.value.code, words in capsys.readouterr().err) == (2, True)


# As a job of the site.


@pytest.fixture
def site(asked_lake):
    return Site(asked_lake.settings)


@pytest.fixture
def client(site):
    return server.make(site, PORT).server.test_client()


def submit(client, **arguments):
    return client.post("/api/v1/jobs", json={"kind": "query-rows", "arguments": arguments}, headers=HERE)


def until(client, site, job, reached):
    """Look at a job until it is as far as is asked."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        site.jobs.step()
        told = client.get(f"/api/v1/jobs/{job['id']}", headers=HERE).json
        if reached(told):
            return told
        time.sleep(0.05)
    raise AssertionError(told)


def test_a_job_writes_all_rows_and_the_log_keeps_it_as_its_readers(client, site):
    job = submit(client, sql="SELECT id, event FROM range(1500) JOIN events", form="csv").json
    done = until(client, site, job, lambda told: told["state"] in ("done", "failed"))
    assert (done["state"], done["result"]["rows"]) == ("done", 7_500), done
    ((name, size),) = done["result"]["files"].items()
    rows = client.get(f"/api/v1/jobs/{job['id']}/files/{name}", headers=HERE).data
    assert (len(rows), rows.count(b"\n")) == (size, 7_501)
    assert client.get("/api/v1/queries", headers=HERE).json["history"][0]["num_rows"] == 7_500
    assert [each.name for each in files.folder_of(site.jobs.root, job["id"]).iterdir()] == [name]


def test_a_job_that_is_cancelled_ends_its_jvm_and_leaves_no_file(client, site):
    job = submit(client, sql="SELECT count(*) FROM range(10000000) a JOIN range(10000000) b ON a.id <> b.id").json
    until(client, site, job, lambda told: "tasks are done" in told["sentence"])
    jvms = [pid for pid in _java() if str(site.jobs.root).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert jvms
    assert client.post(f"/api/v1/jobs/{job['id']}/cancel", json={}, headers=HERE).json["state"] == "cancelled"
    end = time.monotonic() + 20
    while any(processes.is_java(pid) for pid in jvms) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(processes.is_java(pid) for pid in jvms)
    assert files.results(site.jobs.root, job["id"]) == {}


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ({"sql": ""}, 409, "refused: length"),
        ({"sql": "SELECT '${env:SECRET}'"}, 409, "refused: substitution"),
        ({"sql": "SELECT 1", "form": "xlsx"}, 400, "not written as xlsx"),
        ({"sql": "SELECT 1", "run": "7; DROP"}, 400, "A run has a number"),
    ],
)
def test_a_job_that_nobody_could_do_is_refused_when_it_is_asked_for(client, arguments, status, words):
    answer = submit(client, **arguments)
    assert (answer.status_code, words in answer.json["title"]) == (status, True)


def _java() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if processes.is_java(int(path.name))]
