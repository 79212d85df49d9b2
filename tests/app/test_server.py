import re
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest

from app import components, pages, security, server, shell
from app.data import Publication, Published
from app.scene import Scene
from app.view import View
from lakehouse.errors import Exit, LakehouseError

PORT = 8050
HERE = {"Host": f"localhost:{PORT}"}


@pytest.fixture
def site(lake):
    """A client of a site over an empty lake."""
    return server.make(lake.settings, Published(lake.settings), PORT).server.test_client()


@pytest.mark.parametrize("host", ["localhost:8050", "127.0.0.1:8050"])
def test_the_site_answers_under_its_own_address(site, host):
    assert site.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8050", "localhost:9999", "127.0.0.1.evil.example:8050", ""]
)
def test_another_name_for_this_machine_is_refused(site, host):
    response = site.get("/", headers={"Host": host})

    assert response.status_code == 403
    assert "own address" in response.text


@pytest.mark.parametrize("origin", ["http://evil.example", "https://localhost:8050", "null", None])
def test_a_post_from_another_page_is_refused(site, origin):
    headers = HERE | ({"Origin": origin} if origin else {})

    assert site.post("/_dash-update-component", json={}, headers=headers).status_code == 403


def test_a_post_from_the_sites_own_page_is_read(site):
    headers = HERE | {"Origin": "http://localhost:8050"}
    body = {
        "output": "site-page.children",
        "outputs": {"id": "site-page", "property": "children"},
        "inputs": [
            {"id": "site-url", "property": "pathname", "value": "/"},
            {"id": "site-query", "property": "data", "value": ""},
            {"id": "site-run", "property": "data", "value": None},
        ],
        "changedPropIds": [],
    }
    response = site.post("/_dash-update-component", json=body, headers=headers)

    assert response.status_code == 200
    assert "Nothing is published yet" in response.text
    assert "lakehouse run" in response.text


@pytest.mark.parametrize("path", ["/", "/assets/site.css", "/_dash-layout", "/no-such-page"])
def test_every_answer_carries_the_security_headers(site, path):
    headers = site.get(path, headers=HERE).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_the_policy_allows_no_eval_and_no_inline_script_without_a_hash():
    scripts = next(part for part in security.policy(["'sha256-abc'"]).split("; ") if part.startswith("script-src"))

    assert scripts == "script-src 'self' 'sha256-abc'"


def test_the_page_names_no_other_host(site):
    document = site.get("/", headers=HERE).text.replace("http://www.w3.org/2000/svg", "")

    assert "http://" not in document
    assert "https://" not in document


def test_an_address_without_a_page_says_so(lake):
    scene = Scene(lake.settings, None, View())

    assert pages.render("/nowhere", scene).children[0].children[0].children == "Not found"
    assert {pages.find(page.path + "/") for page in pages.PAGES} == set(pages.PAGES)


def test_a_lake_that_is_published_without_an_event_does_not_say_that_nothing_is_published(lake):
    empty = Publication("run", datetime(2015, 6, 2, tzinfo=UTC), {}, None, duckdb.connect(), "memory")

    page = str(pages.render("/", Scene(lake.settings, empty, View())))
    assert "There are no events yet" in page
    assert "othing is published" not in page
    assert "without an event" in str(shell.badge(empty, ""))


def test_a_card_that_fails_says_so_under_an_id_that_the_log_has(caplog):
    card = components.safely(lambda: 1 / 0)

    identity = re.search(r"the reason under (\w{8})", str(card))[1]
    assert "This card could not be drawn" in str(card)
    assert f"Error {identity}" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_page_that_fails_keeps_its_heading(lake, monkeypatch):
    broken = replace(pages.PAGES[2], layout=lambda scene: 1 / 0)
    monkeypatch.setattr(pages, "PAGES", (broken,))

    page = str(pages.render("/predict", Scene(lake.settings, None, View())))
    assert "H1('Predict')" in page
    assert "This page could not be drawn" in page


def test_a_host_that_others_can_reach_is_refused(lake):
    settings = replace(lake.settings, app=replace(lake.settings.app, host="0.0.0.0"))

    with pytest.raises(LakehouseError, match="on this machine only") as caught:
        server.listen(settings)
    assert caught.value.code == Exit.USAGE


def test_a_taken_port_is_told_before_anything_is_loaded(lake):
    free = replace(lake.settings, app=replace(lake.settings.app, port=0))
    with server.listen(free) as taken:
        settings = replace(lake.settings, app=replace(lake.settings.app, port=taken.getsockname()[1]))

        with pytest.raises(LakehouseError, match="taken by another program") as caught:
            server.listen(settings)
    assert caught.value.code == Exit.ENVIRONMENT
