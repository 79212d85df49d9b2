import shutil
import stat
import subprocess
import time
import urllib.request

import pytest

from app import server
from app.jobs import files, owner
from app.jobs.kinds import all_kinds
from app.jobs.store import DONE
from app.site import Site

from ..conftest import settings_of
from .conftest import start

PORT = 8050
HERE = {"Host": f"localhost:{PORT}", "Origin": f"http://localhost:{PORT}"}
VISITS = b"num_views,num_adds,distinct_products,session_hour\n4,1,3,17\n"
SEGMENT = {"kind": "score-visits", "arguments": {"start": "2015-06-01", "end": "2015-06-28"}}


@pytest.fixture
def site(sample_lake, tmp_path):
    return Site(settings_of(shutil.copytree(sample_lake, tmp_path / "lake")))


@pytest.fixture
def client(site):
    return server.make(site, PORT).server.test_client()


def upload(client, content=VISITS, query="kind=score-file&name=visits.csv"):
    return client.post(f"/api/v1/jobs/files?{query}", data=content, headers=HERE, content_type="text/csv")


def ask(client, **said):
    return client.post("/api/v1/jobs", json=SEGMENT | said, headers=HERE)


def jobs(client):
    return client.get("/api/v1/jobs", headers=HERE).json["jobs"]


def work(site):
    while site.jobs.step():
        time.sleep(0.05)


def test_a_file_is_sent_scored_and_fetched_and_removed(client, site):
    sent = upload(client)
    assert (sent.status_code, sent.json["state"], sent.json["title"]) == (201, "queued", "Score visits.csv")
    work(site)
    (job,) = jobs(client)
    assert (job["state"], job["result"]["rows"], job["error"]) == (DONE, 1, "")
    way = f"/api/v1/jobs/{job['id']}"
    fetched = client.get(f"{way}/files/scored.csv", headers=HERE)

    assert fetched.headers["Content-Disposition"] == "attachment; filename=scored.csv"
    assert len(fetched.text.splitlines()) == 2
    assert client.delete(way, json={}, headers=HERE).status_code == 204
    assert (jobs(client), files.folder_of(site.jobs.root, job["id"]).exists()) == ([], False)


def test_the_name_in_the_cookie_cannot_be_read_by_scripts_or_made_up(client, site):
    job = upload(client).json
    cookie = client.get_cookie(owner.COOKIE)
    assert (cookie.http_only, cookie.same_site) == (True, "Strict")
    assert stat.S_IMODE((site.jobs.root / owner.KEY).stat().st_mode) == 0o600
    stranger = server.make(site, PORT).server.test_client()
    stranger.set_cookie(owner.COOKIE, cookie.value.split(".")[0] + "." + "0" * 64)

    assert jobs(stranger) == []
    way = f"/api/v1/jobs/{job['id']}"
    for answer in (
        stranger.get(way, headers=HERE),
        stranger.post(f"{way}/cancel", json={}, headers=HERE),
        stranger.delete(way, json={}, headers=HERE),
        stranger.get(f"{way}/files/scored.csv", headers=HERE),
    ):
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert jobs(client)[0]["state"] == "queued"


def test_a_job_is_cancelled_tried_again_and_not_removed_while_it_goes_on(client):
    job = ask(client).json
    way = f"/api/v1/jobs/{job['id']}"

    assert client.delete(way, json={}, headers=HERE).status_code == 409
    assert client.post(f"{way}/retry", json={}, headers=HERE).status_code == 409
    assert client.post(f"{way}/cancel", json={}, headers=HERE).json["state"] == "cancelled"
    assert client.post(f"{way}/cancel", json={}, headers=HERE).status_code == 409
    assert client.post(f"{way}/retry", json={}, headers=HERE).json["state"] == "queued"


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ({"kind": "reboot"}, "There is no kind of job reboot."),
        ({"kind": "score-file"}, "A job score-file needs a file."),
        ({"arguments": []}, "The arguments of a job are an object."),
        ({"arguments": {"start": "soon", "end": "later"}}, "A segment has a start and an end, days like 2015-06-03."),
        ({"arguments": {"start": "2015-06-03", "end": "2015-06-01"}}, "There is no such segment."),
        ({"arguments": SEGMENT["arguments"] | {"visitors": "'; DROP"}}, "There is no such segment."),
    ],
)
def test_what_cannot_be_asked_for_is_a_problem(client, said, title):
    answer = ask(client, **said)

    assert (answer.status_code, answer.mimetype, answer.json["title"]) == (400, "application/problem+json", title)
    assert jobs(client) == []


def test_another_page_can_neither_send_nor_cancel(client):
    foreign = HERE | {"Origin": "http://evil.example"}
    job = ask(client).json

    assert client.post("/api/v1/jobs", json=SEGMENT, headers=foreign).status_code == 403
    assert client.post("/api/v1/jobs/files?kind=score-file", data=VISITS, headers=foreign).status_code == 403
    assert client.post(f"/api/v1/jobs/{job['id']}/cancel", json={}, headers=foreign).status_code == 403
    assert len(jobs(client)) == 1


def test_a_file_name_is_never_a_path(client, site):
    job = upload(client, query="kind=score-file&name=..%2F..%2Fetc%2Fpasswd%00%1b").json
    work(site)

    assert job["title"].startswith("Score ../../etc/passwd")
    assert "\x00" not in job["title"] and "\x1b" not in job["title"]
    assert [path.name for path in site.jobs.root.iterdir() if path.is_dir()] == [job["id"]]
    for name in ("..%2Fjobs.sqlite", "input.csv", "..%2F..%2Fformat"):
        answer = client.get(f"/api/v1/jobs/{job['id']}/files/{name}", headers=HERE)
        assert "Content-Disposition" not in answer.headers and b"SQLite" not in answer.data


def test_an_empty_file_leaves_nothing(client, site):
    answer = upload(client, b"")

    assert (answer.status_code, answer.json["title"]) == (400, "The file is empty, or came in part.")
    assert [path for path in site.jobs.root.iterdir() if path.is_dir()] == []


def test_a_file_beyond_the_limit_is_told_by_413_and_no_other_path_takes_a_large_body(client, site):
    site.jobs.upload_bytes = 2_000_000
    client = server.make(site, PORT).server.test_client()

    assert upload(client, VISITS + b"4,1,3,17\n" * 150_000).status_code == 201
    assert upload(client, b"x" * 2_000_001).status_code == 413
    assert client.post("/api/v1/notes", data=b"x" * 1_500_000, headers=HERE).status_code == 413
    assert len(jobs(client)) == 1


def test_a_body_without_a_length_is_counted_while_it_is_read(sample_lake, tmp_path):
    lake = shutil.copytree(sample_lake, tmp_path / "lake")
    process, address = start(lake, LAKEHOUSE_JOBS__UPLOAD="1m", LAKEHOUSE_ENV="test")
    try:
        answers = [sent_in_pieces(address, size) for size in (900_000, 3_000_000)]
    finally:
        process.terminate()
        process.wait(timeout=10)

    assert answers == [201, 413]


def sent_in_pieces(address, size):
    pieces = (b"4,1,3,17\n" * 1_000 for _ in range(size // 9_000))
    headers = {"Origin": address, "Content-Type": "text/csv"}
    request = urllib.request.Request(f"{address}/api/v1/jobs/files?kind=score-file", pieces, headers, method="POST")
    try:
        return urllib.request.urlopen(request, timeout=30).status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_description_of_the_api_names_every_path_and_kind(client):
    described = client.get("/api/v1/openapi.json", headers=HERE).json
    rules = {
        str(rule).replace("<identity>", "{id}").replace("<name>", "{name}")
        for rule in client.application.url_map.iter_rules()
    }
    ours = {rule.removeprefix("/api/v1") for rule in rules if rule.startswith("/api/v1/jobs")}

    assert ours <= set(described["paths"])
    assert described["components"]["schemas"]["Job"]["properties"]["kind"]["enum"] == list(all_kinds())


def test_a_site_over_a_lake_that_nobody_scores_in_makes_no_folder(client, site):
    assert jobs(client) == []
    site.jobs.step()

    assert not site.jobs.root.exists()


def test_the_hidden_command_does_nothing_for_a_job_that_is_not_there(tmp_path):
    import sys

    ended = subprocess.run(
        [sys.executable, "-m", "lakehouse.cli", "work", str(tmp_path), "nothing"], capture_output=True, text=True
    )

    assert (ended.returncode, ended.stdout, list(tmp_path.iterdir())) == (0, "", [])
