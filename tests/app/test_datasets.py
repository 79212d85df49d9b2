"""Readers bring files: they are received, mapped, built by the site's worker, opened, refused and removed."""

import time
from dataclasses import replace

import pytest

from app import pages, server
from app.jobs.kinds import Task, build_dataset
from app.site import Site
from lakehouse.errors import LakehouseError
from lakehouse.lake import open_lake

from .. import invariants
from ..conftest import settings_of

PORT = 8050
HERE = {"Host": f"localhost:{PORT}", "Origin": f"http://localhost:{PORT}"}
HEADER = "timestamp,visitorid,event,itemid,transactionid"
ROWS = [f"{1433221332117 + 60_000 * each},{each % 7},view,{each % 5},\n" for each in range(60)]
EVENTS = f"{HEADER}\n{''.join(ROWS)}1433221932117,3,transaction,4,17\n"


@pytest.fixture
def site(tmp_path):
    return Site(settings_of(tmp_path / "lake"))


@pytest.fixture
def app(site):
    return server.make(site, PORT).server


@pytest.fixture
def client(app):
    return app.test_client()


def send(client, text, name="events.csv", dataset="", status=201):
    data = text if isinstance(text, bytes) else text.encode()
    address = f"/api/v1/datasets/files?name={name}&dataset={dataset}"
    answer = client.post(address, data=data, headers=HERE)
    assert answer.status_code == status, answer.text
    return answer.json


def build(client, site, dataset):
    """Build a dataset; return it once its job has ended."""
    answer = client.post(f"/api/v1/datasets/{dataset['id']}/build", headers=HERE)
    assert answer.status_code == 202, answer.text
    return ended(client, site, dataset)


def ended(client, site, dataset):
    end = time.monotonic() + 120
    while site.jobs.step() and time.monotonic() < end:
        time.sleep(0.1)
    return client.get(f"/api/v1/datasets/{dataset['id']}", headers=HERE).json


def mine(client):
    return client.get("/api/v1/datasets", headers=HERE).json["datasets"]


def test_files_become_a_lake_with_the_tables_that_the_command_line_makes_of_them(client, site, built_lake):
    theirs, dataset = open_lake(settings_of(built_lake)), {"id": ""}
    for receipt in theirs.landing.receipts():
        dataset = send(client, theirs.landing.file(receipt).read_bytes(), receipt.name, dataset["id"])
    done = build(client, site, dataset)
    assert (done["state"], done["model"]) == ("ready", None)
    assert not (site.datasets.root / dataset["id"] / "files").exists()
    ours = open_lake(site.lakes[dataset["id"]].settings)
    refused = [ours.store.rows(f"silver.{name}_quarantine") for name in ("events", "item_history", "categories")]
    assert done["result"]["rejected"] == sum(refused) > 0
    assert invariants.difference(ours, theirs) == []
    site.lakes[dataset["id"]].refresh()
    assert client.get(f"/api/v1/overview-by-day?lake={dataset['id']}&range=all", headers=HERE).json["rows"]


def test_columns_of_other_names_are_guessed_and_can_be_chosen(client, site, tmp_path):
    renamed = EVENTS.replace(HEADER, "ts,User ID,event_type,product_id,when")
    dataset = send(client, renamed)
    (file,) = dataset["files"]
    assert (file["kind"], file["nearest"]) == ("", "events")
    assert client.get("/api/v1/datasets", headers=HERE).json["kinds"]["events"] == HEADER.split(",")
    asked = client.post(f"/api/v1/datasets/{dataset['id']}/build", headers=HERE)
    assert (asked.status_code, "events.csv" in asked.json["title"]) == (400, True)

    where = f"/api/v1/datasets/{dataset['id']}/files/1"
    wrong = client.put(where, json={"kind": "events", "columns": {"transactionid": "nowhere"}}, headers=HERE)
    assert (wrong.status_code, "transactionid" in wrong.json["title"]) == (400, True)
    theirs = {"timestamp": "ts", "visitorid": "user id", "event": "event_type", "itemid": "product_id"}
    client.put(where, json={"kind": "events", "columns": theirs | {"transactionid": "when"}}, headers=HERE)
    done = build(client, site, dataset)
    assert (done["state"], done["result"]["rows"]) == ("ready", 61)


def test_names_that_other_shops_use_are_known(client):
    (file,) = send(client, EVENTS.replace(HEADER, "event_time,user_id,action,sku,order_id"))["files"]
    assert (file["kind"], file["mapping"]["transactionid"], file["rows"][0][1]) == ("events", "order_id", "0")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + b"\0" * 60, "zip archive"),
        (b"", "empty"),
        (b"a;b;c\n1;2;3\n", "semicolons"),
        ("timestamp,visitorid\n".encode("utf-16"), "UTF-16"),
        (b"timestamp,event,event\n1,2,3\n", "twice"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_and_nothing_is_left_of_it(client, site, data, words):
    answer = send(client, data, status=400 if words == "empty" else 409)
    assert words in answer["title"]
    assert list(site.datasets.root.iterdir()) == []


def test_a_file_that_is_too_large_is_refused_while_it_comes(tmp_path):
    settings = settings_of(tmp_path / "lake")
    small = Site(replace(settings, jobs=replace(settings.jobs, upload="1m")))
    client = server.make(small, PORT).server.test_client()
    assert "larger" in client.post("/api/v1/datasets/files", data=b"a" * (2 << 20), headers=HERE).text
    assert not small.datasets.root.exists() or list(small.datasets.root.iterdir()) == []


def test_a_build_that_is_refused_tells_why_and_shows_the_rejected_rows(client, site):
    dataset = send(client, EVENTS.replace(",view,", ",look,"))
    done = build(client, site, dataset)
    assert (done["state"], "silver.events" in done["progress"]["error"]) == ("failed", True)
    rejected = client.get(f"/api/v1/datasets/{dataset['id']}/rejected.csv", headers=HERE).text.splitlines()
    assert (len(rejected), rejected[1].split(",")[:3]) == (61, ["silver.events", "events.csv", "event is known"])

    client.delete(f"/api/v1/datasets/{dataset['id']}/files/1", headers=HERE)
    again = send(client, EVENTS, dataset=dataset["id"])
    assert build(client, site, again)["state"] == "ready"


def test_events_are_needed_and_a_built_dataset_takes_no_further_file(client, site):
    dataset = send(client, "categoryid,parentid\n1,\n", "tree.csv")
    asked = client.post(f"/api/v1/datasets/{dataset['id']}/build", headers=HERE)
    assert (asked.status_code, "no file of events" in asked.json["title"]) == (400, True)
    build(client, site, send(client, EVENTS, dataset=dataset["id"]))
    assert "built" in send(client, EVENTS, dataset=dataset["id"], status=409)["title"]


def test_another_browser_neither_lists_nor_changes_a_dataset(app, client):
    dataset, other = send(client, EVENTS), app.test_client()
    send(other, EVENTS)
    assert [each["id"] for each in mine(client)] == [dataset["id"]]
    for method, address in (("get", ""), ("delete", ""), ("get", "/rejected.csv"), ("post", "/build")):
        answer = getattr(other, method)(f"/api/v1/datasets/{dataset['id']}{address}", headers=HERE)
        assert answer.status_code == 404, (method, address)


@pytest.mark.parametrize("name", ["own-../../lake", "own-", "own-ab/../..", "..", "own-0000"])
def test_a_name_that_is_no_dataset_is_no_lake(client, name):
    assert client.get("/api/v1/publication", query_string={"lake": name}, headers=HERE).status_code == 404


def test_a_reader_has_five_datasets_at_most_and_a_removed_one_makes_room(client, site):
    (first, *_) = [send(client, EVENTS) for _ in range(site.settings.datasets.most)]
    assert "most there may be" in send(client, EVENTS, status=400)["title"]
    assert client.delete(f"/api/v1/datasets/{first['id']}", headers=HERE).status_code == 204
    assert not (site.datasets.root / first["id"]).exists()
    send(client, EVENTS)


def test_a_dataset_that_nobody_opens_goes_and_one_that_is_looked_at_stays(client, site, monkeypatch):
    old, used = send(client, EVENTS), send(client, EVENTS)
    later = time.time() + 15 * 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    site.datasets.use(used["id"])
    site.datasets.clean()
    assert [each["id"] for each in mine(client)] == [used["id"]]
    assert not (site.datasets.root / old["id"]).exists()


def test_a_cancelled_build_keeps_the_files_and_can_be_begun_again(client, site):
    dataset = send(client, EVENTS)
    job = client.post(f"/api/v1/datasets/{dataset['id']}/build", headers=HERE).json["job"]
    site.jobs.step()
    client.post(f"/api/v1/jobs/{job}/cancel", headers=HERE)
    cancelled = ended(client, site, dataset)
    assert (cancelled["state"], len(cancelled["files"])) == ("new", 1)
    assert build(client, site, dataset)["state"] == "ready"


def test_a_dataset_can_be_opened_once_its_first_page_has_its_tables_while_the_job_goes_on(client, site):
    dataset = send(client, EVENTS)
    client.post(f"/api/v1/datasets/{dataset['id']}/build", headers=HERE)
    end = time.monotonic() + 120
    while (told := client.get(f"/api/v1/datasets/{dataset['id']}", headers=HERE).json)["state"] != "ready":
        site.jobs.step()
        assert time.monotonic() < end, told
    assert (told["progress"]["state"], told["result"]) == ("running", {"rows": 61})
    lake = open_lake(site.lakes[dataset["id"]].settings)
    first = lake.ledger.published().versions
    read = {name for each in pages.all_queries().values() if each.name.startswith("overview-") for name in each.reads}
    assert read <= set(first)
    assert "gold.paths" not in first
    done = ended(client, site, dataset)
    assert (done["state"], done["result"]["rejected"]) == ("ready", 0)
    assert set(lake.ledger.published().versions) > set(first)


def test_a_build_that_is_cancelled_after_its_first_page_can_be_begun_again(client, site):
    dataset = send(client, EVENTS)
    job = client.post(f"/api/v1/datasets/{dataset['id']}/build", headers=HERE).json["job"]
    end = time.monotonic() + 120
    while client.get(f"/api/v1/datasets/{dataset['id']}", headers=HERE).json["state"] != "ready":
        site.jobs.step()
        assert time.monotonic() < end
    client.post(f"/api/v1/jobs/{job}/cancel", json={}, headers=HERE)
    assert ended(client, site, dataset)["state"] == "new"
    assert build(client, site, dataset)["state"] == "ready"


@pytest.mark.parametrize("kind", ["train-dataset", "build-dataset"])
def test_what_makes_a_lake_anew_is_asked_for_by_the_owner_of_a_dataset_alone(client, site, kind):
    site.settings.lake_path.mkdir()
    dataset = send(client, EVENTS)
    for lake in ("", dataset["id"]):
        body = {"kind": kind, "arguments": {"name": "mine", "files": []}}
        answer = client.post(f"/api/v1/jobs?lake={lake}", json=body, headers=HERE)
        assert (answer.status_code, "not asked for here" in answer.json["title"]) == (400, True)
    assert not site.jobs.step()


def test_a_lake_that_is_no_dataset_is_never_made_anew(site):
    site.settings.lake_path.mkdir()
    (site.settings.lake_path / "kept").touch()
    with pytest.raises(LakehouseError, match="no reader's dataset"):
        build_dataset.build(Task(site.settings, {"files": []}, site.settings.lake_path, lambda *_: None))
    assert (site.settings.lake_path / "kept").exists()


def test_a_dataset_that_is_not_built_and_another_readers_are_not_trained_on(app, client):
    dataset = send(client, EVENTS)
    asked = client.post(f"/api/v1/datasets/{dataset['id']}/train", headers=HERE)
    assert (asked.status_code, "not built yet" in asked.json["title"]) == (409, True)
    assert app.test_client().post(f"/api/v1/datasets/{dataset['id']}/train", headers=HERE).status_code == 404


def test_the_description_names_every_act_on_datasets(app, client):
    described = client.get("/api/v1/openapi.json", headers=HERE).json["paths"]
    acts = {
        (rule.rule.removeprefix("/api/v1").replace("<identity>", "{id}").replace("<int:number>", "{number}"), method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/datasets")
    }
    told = {path: each for path, each in described.items() if path.startswith("/datasets")}
    assert acts == {(path, act.upper()) for path, each in told.items() for act in each if act != "parameters"}
