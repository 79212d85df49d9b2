"""POST /api/v1/score, GET /api/v1/recommendations and who may ask, against a running site."""

import json
import re
import subprocess
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from lakehouse.lake import open_lake
from lakehouse.settings import PROJECT, environment
from ml.serving.form import describe as describe_form
from ml.serving.scorer import champion

from ..conftest import settings_of
from .conftest import publish, start

PASSWORD = "correct horse"
SECONDS = 60
JSON = {"Content-Type": "application/json"}
VISIT = {"events": [{"kind": "view", "at": 1_441_000_000_000, "item_id": -1}]}
FOUR = {"num_views": 3, "num_adds": 1, "distinct_products": 2, "session_hour": 17}


def asker(address):
    """Ask the site at an address; return status, headers and body as JSON."""
    place = urlsplit(address).netloc

    def ask(method, path, body=None, **headers):
        connection = HTTPConnection(place, timeout=SECONDS)
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/api/v1/{path}", content, (JSON if body is not None else {}) | sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, answer.headers, json.loads(text) if "json" in answer.headers["Content-Type"] else text

    return ask


def loaded(ask, **headers):
    """Wait until the site has items and visits in memory."""
    until = time.monotonic() + SECONDS
    while (answer := ask("GET", "recommendations?item=1", **headers))[0] == 503 and time.monotonic() < until:
        assert answer[1]["Retry-After"] and "brought into memory" in answer[2]["title"]
        time.sleep(0.2)
    assert answer[0] == 200, answer
    return ask


@pytest.fixture(scope="module")
def ask(site):
    return loaded(asker(site))


@pytest.fixture(scope="module")
def lake(sample_lake):
    return open_lake(settings_of(sample_lake))


@pytest.fixture(scope="module")
def points(lake):
    """Rows of gold.intent_examples of visits with several of them."""
    rows = lake.store.arrow(
        "gold.intent_examples", lake.ledger.published().versions["gold.intent_examples"]
    ).to_pylist()
    return [row for row in rows if row["decision_point"] == 5][:200]


def features(lake, row):
    return {name: row[name] for name in champion(lake.settings).input_names}


def test_rows_are_scored_as_the_champion_scores_them_with_its_version_and_digest(ask, lake, points):
    model = champion(lake.settings)
    rows = [features(lake, row) for row in points]
    status, _, answer = ask("POST", "score", {"rows": rows})

    assert (status, len(rows)) == (200, 200)
    assert answer["model"] == {"name": lake.settings.model.name, "version": model.version, "sha256": model.sha256}
    assert [each["probability"] for each in answer["scores"]] == pytest.approx(model.score(rows), abs=1e-12)
    assert answer["threshold"] == model.threshold
    flagged = {
        each["is_flagged"] for each in answer["scores"] if model.threshold and each["probability"] >= model.threshold
    }
    assert flagged <= {True}


def test_a_visit_is_scored_after_its_latest_event_or_after_every_one(ask, lake, points):
    model, row = champion(lake.settings), points[0]
    events = lake.store.arrow("silver.session_events").to_pylist()
    of_visit = [each for each in events if all(each[name] == row[name] for name in ("visitor_id", "started_at"))]
    so_far = sorted(of_visit, key=lambda each: each["position"])[:5]
    told = [
        {"kind": each["event_type"], "at": each["occurred_at"].isoformat(), "item_id": each["item_id"]}
        for each in so_far
    ]
    visit = {"visitor_id": row["visitor_id"], "events": told}
    _, _, latest = ask("POST", "score", {"visits": [visit]})
    _, _, every = ask("POST", "score", {"visits": [visit], "every_event": True})
    scores = every["visits"][0]["scores"]

    assert [each["events"] for each in scores] == [1, 2, 3, 4, 5]
    assert latest["visits"][0]["scores"] == scores[-1:]
    assert scores[-1]["probability"] == pytest.approx(model.score([features(lake, row)])[0], abs=1e-12)
    assert every["run"]["id"] == lake.ledger.published().run_id


def test_an_explained_score_sums_to_its_log_odds(ask):
    _, _, answer = ask("POST", "score", {"visits": [VISIT], "explain": True})
    (score,) = answer["visits"][0]["scores"]
    log_odds = score["base_log_odds"] + sum(score["contributions"].values())

    assert 1 / (1 + 2.718281828459045**-log_odds) == pytest.approx(score["probability"], abs=1e-12)


def test_a_row_that_names_some_features_scores_as_the_form_and_tells_what_was_assumed(ask, lake):
    model = champion(lake.settings)
    _, _, answer = ask("POST", "score", {"rows": [FOUR, FOUR | {"price": None}]})
    first, second = answer["scores"]

    assert first["probability"] == pytest.approx(float(model.score([describe_form(model, **FOUR)])[0]), abs=1e-12)
    assert first["assumed"] == [name for name in model.input_names if name not in FOUR]
    assert "price" not in second["assumed"]
    wanted = float(model.score([describe_form(model, **FOUR, price=None)])[0])
    assert second["probability"] == pytest.approx(wanted, abs=1e-12)


def test_what_the_training_did_not_hold_is_told(ask, lake, points):
    row = features(lake, points[0]) | {"num_views": 100_000}
    _, _, answer = ask("POST", "score", {"rows": [row]})

    assert {"name": "num_views", "value": 100_000.0} in [
        {name: each[name] for name in ("name", "value")} for each in answer["scores"][0]["out_of_range"]
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "give one of both"),
        ({"rows": [{}], "visits": [VISIT]}, "give one of both"),
        ({"rows": []}, "rows: list should have at least 1 item"),
        ({"rows": [{}]}, "rows.0 lacks num_views, num_adds, distinct_products, session_hour"),
        ({"rows": [FOUR | {"item_views": None}]}, "rows.0 lacks item_views"),
        ({"rows": [{"num_veiws": 1}]}, "rows.0 names num_veiws, which it does not"),
        ({"rows": [{"num_views": "1"}]}, "rows.0.num_views"),
        (b'{"rows": [{"num_views": NaN}]}', "rows.0.num_views"),
        (b"{", "invalid JSON"),
        (b"\xff", "This cannot be asked"),
        ({"rows": [{}] * 1001}, "at most 1000 items"),
        ({"visits": [{"events": []}]}, "visits.0.events: list should have at least 1 item"),
        ({"visits": [VISIT], "explian": True}, "explian: extra inputs are not permitted"),
        ({"visits": [{"events": [{"kind": "view", "at": "yesterday"}]}]}, "visits.0.events.0.at"),
        ({"visits": [{"events": [{"kind": "transaction", "at": 1}]}]}, "visits.0.events.0.kind"),
        ({"visits": [{"events": [{"kind": "view", "at": 1, "item_id": 1 << 63}]}]}, "visits.0.events.0.item_id"),
        ({"visits": [{"events": [{"kind": "view", "at": 1}, {"kind": "view", "at": 9_999_999}]}]}, "ends a visit"),
    ],
)
def test_what_cannot_be_scored_is_a_problem_that_says_where_and_what_mends_it(ask, body, told):
    status, headers, answer = ask("POST", "score", body)

    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert told in answer["title"] and answer["remedy"]


def test_recommendations_equal_those_of_the_command_line(ask, lake, points):
    item = lake.store.arrow("gold.item_neighbours").column("item_id")[0].as_py()
    category = lake.store.arrow("silver.categories").column("root_id")[0].as_py()
    for ways, options in (
        (f"items=1,{item}", ["--items", f"1,{item}"]),
        (f"item={item}&category={category}&known_available=true&max_price=90000", ["--items", f"{item}"]),
        (f"visitor={points[0]['visitor_id']}&exclude={item}", ["--visitor", str(points[0]["visitor_id"])]),
    ):
        if "category" in ways:
            options += ["--category", str(category), "--known-available", "--max-price", "90000"]
        if "exclude" in ways:
            options += ["--exclude", str(item)]
        command = [sys.executable, "-m", "lakehouse.cli", "recommend", *options, "--json"]
        variables = environment() | {"LAKEHOUSE_LAKE": str(lake.settings.lake_path), "PYTHONPATH": str(PROJECT)}
        printed = json.loads(subprocess.run(command, env=variables, capture_output=True, check=True).stdout)
        status, _, answer = ask("GET", f"recommendations?{ways}")

        assert (status, answer.pop("run")["id"]) == (200, lake.ledger.published().run_id)
        assert answer == printed
        assert answer["items"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("", "give one of the three"),
        ("item=1&visitor=1", "give one of the three"),
        ("item=one", "item: input should be a valid integer"),
        ("items=1,x", "items.1"),
        ("item=-1", "item: input should be greater than or equal to 0"),
        ("item=1&min_price=nan", "min_price"),
        ("item=1&colour=red", "colour: extra inputs are not permitted"),
        ("item=1&lake=Summer", "no dataset Summer"),
    ],
)
def test_recommendations_that_cannot_be_asked_are_a_problem(ask, asked, told):
    status, _, answer = ask("GET", f"recommendations?{asked}")

    assert status == 400 and told in answer["title"] and answer["remedy"]


def test_the_description_has_both_doors_with_examples_that_are_answered(ask, lake):
    _, _, document = ask("GET", "openapi.json")
    door = document["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]
    examples = {name: each["value"] for name, each in door["examples"].items()}

    assert {name: ask("POST", "score", examples[name])[0] for name in ("visit", "form")} == {"visit": 200, "form": 200}
    parameters = {each["name"]: each for each in document["paths"]["/recommendations"]["get"]["parameters"]}
    wanted = {"items", "item", "visitor", "exclude", "category", "min_price", "max_price", "known_available", "lake"}
    assert parameters.keys() == wanted
    schemas = document["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert named <= schemas.keys()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "score", {"visits": [VISIT], "explain": True}),
        ("POST", "score?lake=", {"rows": [FOUR]}),
        ("POST", "score?lake=none", {"rows": [FOUR]}),
        ("POST", "score", {"rows": []}),
        ("GET", "recommendations?items=1&items=2,3&exclude=", None),
        ("GET", "recommendations?item=x", None),
    ],
)
def test_a_page_and_a_program_get_the_same_answer_with_the_same_headers(ask, site, method, path, body):
    page, program = (ask(method, path, body, **sent) for sent in ({"Origin": site}, {}))

    assert page[0] == program[0]
    assert page[2] == program[2]
    assert {name: value for name, value in page[1].items() if name != "Date"} == {
        name: value for name, value in program[1].items() if name != "Date"
    }
    assert program[1]["X-Content-Type-Options"] == "nosniff"


def test_json_without_an_origin_is_a_programs_and_anything_else_is_refused(ask, site):
    sent = {
        "program": ask("POST", "score", {"visits": [VISIT]})[0],
        "own page": ask("POST", "score", {"visits": [VISIT]}, Origin=site)[0],
        "foreign page": ask("POST", "score", {"visits": [VISIT]}, Origin="http://evil.example")[0],
        "page without an origin": ask("POST", "score", {"visits": [VISIT]}, Sec_Fetch_Site="cross-site")[0],
        "hidden origin": ask("POST", "score", {"visits": [VISIT]}, Origin="null")[0],
        "plain text": ask("POST", "score", {"visits": [VISIT]}, Content_Type="text/plain")[0],
        "form": ask("POST", "score", b"rows=1", Content_Type="application/x-www-form-urlencoded")[0],
        "foreign name": ask("POST", "score", {"visits": [VISIT]}, Host="evil.example")[0],
        "deletes": ask("DELETE", "views", {"name": "x"})[0],
    }

    assert sent == dict.fromkeys(sent, 403) | {"program": 200, "own page": 200}


def test_a_lake_without_the_tables_says_which_command_makes_them(lake, tmp_path):
    bare = open_lake(settings_of(tmp_path / "bare"))
    activity = lake.store.arrow("gold.activity").to_pylist()
    publish(bare, "r1", {"gold.activity": activity})
    process, address = start(bare.settings.lake_path)
    try:
        ask = asker(address)
        status, _, answer = ask("GET", "recommendations?item=1")
        assert (status, answer["remedy"]) == (503, "lakehouse run")
        assert "has no silver.session_events yet; an older release built it" in answer["title"]
        status, _, answer = ask("POST", "score", {"rows": [{}]})
        assert (status, answer["remedy"]) == (503, "lakehouse ml train promote --bootstrap")
    finally:
        process.terminate()
        process.wait(timeout=10)
