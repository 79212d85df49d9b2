import importlib
import json
import re
import sys
from dataclasses import replace

import psutil
import pytest
import requests
from plotly.offline import get_plotlyjs_version

from app import login, pages, security, server, service, theme
from app.charts.template import figure
from app.components.parts import graph
from app.pages.funnel.queries import dropped_visits
from app.site import Site
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import PROJECT

from .conftest import start

PORT = 8050
HERE = {"Host": f"localhost:{PORT}"}
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def make(settings_for):
    """Make a client of a site over the sample lake, some settings changed."""

    def client(port=PORT, **changes):
        site = Site(settings_for(**changes))
        site.lakes[""].refresh()
        return server.make(site, port).server.test_client()

    return client


@pytest.fixture(scope="module")
def client(make):
    return make()


@pytest.mark.parametrize("host", ["localhost:8050", "127.0.0.1:8050"])
def test_the_site_answers_under_its_own_address(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8050", "localhost:9999", "localhost", "127.0.0.1.evil.example:8050", ""]
)
def test_another_name_for_this_machine_is_refused(client, host):
    response = client.get("/", headers={"Host": host})

    assert response.status_code == 403
    assert "own address" in response.text


def test_at_http_s_own_port_a_browser_names_none_and_foreign_names_are_still_refused():
    names = security.Names(80)

    assert {"localhost", "127.0.0.1", "localhost:80"} <= names.hosts
    assert "http://localhost" in names.origins
    assert "evil.example" not in names.hosts


def test_a_name_of_the_settings_is_answered_and_may_post_over_tls():
    names = security.Names(PORT, ("shop.example",))

    assert "shop.example" in names.hosts
    assert {"http://shop.example", "https://shop.example"} <= names.origins


@pytest.mark.parametrize("origin", ["http://evil.example", "https://localhost:8050", "null", None])
def test_a_post_from_another_page_is_refused(client, origin):
    headers = HERE | ({"Origin": origin} if origin else {})

    assert client.post("/_dash-update-component", json={}, headers=headers).status_code == 403


def test_a_body_larger_than_any_page_sends_is_refused(client):
    headers = HERE | {"Origin": "http://localhost:8050"}
    response = client.post("/_dash-update-component", data=b"x" * (server.LARGEST_BODY + 1), headers=headers)

    assert response.status_code == 413


@pytest.mark.parametrize("path", ["/", "/assets/site.css", "/_dash-layout", "/no-such-page", "/health", "/api/v1/x"])
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path, headers=HERE).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_the_policy_allows_no_eval_and_no_inline_script_without_a_hash():
    scripts = next(part for part in security.policy(["'sha256-abc'"]).split("; ") if part.startswith("script-src"))

    assert scripts == "script-src 'self' 'sha256-abc'"


def test_the_page_names_no_other_host(client):
    document = client.get("/", headers=HERE).text.replace("http://www.w3.org/2000/svg", "")

    assert "http://" not in document
    assert "https://" not in document


def test_a_host_that_others_can_reach_needs_a_password(lake):
    settings = replace(lake.settings, app=replace(lake.settings.app, host="0.0.0.0"))

    with pytest.raises(LakehouseError, match="Without a password") as caught:
        service.listen(settings)
    assert (caught.value.code, "--hash-password" in caught.value.remedy) == (Exit.USAGE, True)


def test_what_is_no_hash_of_a_password_is_refused(lake):
    settings = replace(lake.settings, app=replace(lake.settings.app, password_hash="secret", port=0))

    with pytest.raises(LakehouseError, match="not a hash"):
        service.listen(settings)


def test_a_taken_port_is_told_before_anything_is_loaded(lake):
    free = replace(lake.settings, app=replace(lake.settings.app, port=0))
    with service.listen(free) as taken:
        settings = replace(lake.settings, app=replace(lake.settings.app, port=taken.getsockname()[1]))

        with pytest.raises(LakehouseError, match="taken by another program") as caught:
            service.listen(settings)
    assert caught.value.code == Exit.ENVIRONMENT


def test_with_a_password_nothing_is_told_before_it_is_given(make):
    client = make(password_hash=login.hashed(PASSWORD), names=["shop.example"])
    there = {"Host": "shop.example", "Origin": "https://shop.example", "X-Forwarded-Proto": "https"}
    pages_ = {"Accept": "text/html"}

    assert client.get("/", headers=there | pages_).headers["Location"] == "/login"
    assert client.get("/api/v1/overview-by-day", headers=there | {"Accept": "application/json"}).status_code == 401
    assert client.post("/_dash-update-component", json={}, headers=there).status_code == 401
    assert client.get("/health", headers=there).json == {"status": "ok"}
    assert client.post("/login", data={"password": "wrong"}, headers=there).status_code == 401

    answer = client.post("/login", data={"password": PASSWORD}, headers=there)
    cookie = answer.headers["Set-Cookie"]
    assert all(each in cookie for each in ("HttpOnly", "SameSite=Strict", "Secure", "Path=/"))
    assert client.get("/_dash-layout", headers=there).status_code == 200
    assert "run_id" in client.get("/health", headers=there).json


def test_a_cookie_that_somebody_made_up_opens_nothing(make):
    client = make(password_hash=login.hashed(PASSWORD))
    client.set_cookie(login.COOKIE, f"{9_999_999_999}.{'0' * 64}", domain="localhost")

    assert client.get("/_dash-layout", headers=HERE | {"Accept": "application/json"}).status_code == 401


def test_after_five_wrong_passwords_everyone_waits_a_minute():
    now = [0.0]
    tries = login.Attempts(clock=lambda: now[0])
    for _ in range(login.TRIES):
        assert tries.wait() == 0
        tries.add()

    assert tries.wait() > 50
    now[0] = login.SECONDS + 2
    assert tries.wait() == 0


def test_the_sixth_try_is_refused_whatever_the_password_and_says_how_long(make):
    client = make(password_hash=login.hashed(PASSWORD))
    post = HERE | {"Origin": "http://localhost:8050"}
    tried = [client.post("/login", data={"password": "wrong"}, headers=post).status_code for _ in range(login.TRIES)]
    answer = client.post("/login", data={"password": PASSWORD}, headers=post)

    assert (tried, answer.status_code) == ([401] * login.TRIES, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= login.SECONDS + 1


def test_two_hashes_of_one_password_differ_and_both_know_it():
    one, other = login.hashed(PASSWORD), login.hashed(PASSWORD)

    assert one != other
    assert login.is_password(PASSWORD, one) and login.is_password(PASSWORD, other)
    assert not login.is_password(PASSWORD + "r", one)


def test_behind_a_proxy_everything_lies_under_the_sub_path(make):
    client = make(base_path="/lake")
    document = client.get("/lake/", headers=HERE)

    assert document.status_code == 200
    assert '"/lake/assets/scheme.js"' in document.text
    assert not re.findall(r'(?:src|href)="/(?!lake/)', document.text)
    assert client.get("/lake/api/v1/", headers=HERE).status_code == 200
    assert client.get("/lake/assets/site.css", headers=HERE).status_code == 200
    assert client.get("/funnel", headers=HERE).status_code == 404
    assert "'/lake/funnel'" in str(client.get("/lake/_dash-layout", headers=HERE).json)


def test_a_page_needs_nothing_but_its_own_folder(tmp_path, monkeypatch):
    folder = tmp_path / "spare"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "page.py").write_text(
        "from app.pages import Page\nfrom app.params import Param\n"
        "page = Page('/spare', 'Spare', 'Help', 'about', 'A spare page', params=(Param('wheel', 'one', {'two': ''}),))\n"
    )
    monkeypatch.setattr(pages, "__path__", [*pages.__path__, str(tmp_path)])
    found = [pages.all_pages, pages.all_queries, pages.all_params, pages.all_columns]
    for each in found:
        each.cache_clear()
    try:
        importlib.invalidate_caches()
        assert pages.find("/spare/").name == "Spare"
        assert pages.parse("?wheel=two")["wheel"] == "two"
    finally:
        for each in found:
            each.cache_clear()
        sys.modules.pop("app.pages.spare.page", None)
        sys.modules.pop("app.pages.spare", None)


def test_every_page_lies_where_it_says_and_has_an_icon(client):
    assert {page.path for page in pages.all_pages()} >= {
        "/",
        "/funnel",
        "/categories",
        "/activity",
        "/journeys",
        "/lineage",
        "/about",
        "/predict",
    }
    for page in pages.all_pages():
        assert pages.find(page.path + "/") is page
        assert client.get(f"/assets/icons/{page.icon}.svg", headers=HERE).status_code == 200


def test_each_colour_of_a_chart_has_one_twin():
    light, dark = theme.LIGHT.colours, theme.DARK.colours

    assert light.keys() == dark.keys()
    assert len(set(light.values())) == len(light) and len(set(dark.values())) == len(dark)


def test_no_chart_offers_to_upload_itself():
    chart = graph("any", figure(theme.LIGHT), 200, "words").children

    assert chart.config["showSendToCloud"] is False
    assert chart.config["displaylogo"] is False


def test_the_browser_gets_the_release_of_plotly_that_figures_are_made_for(client):
    assert f'.version="{get_plotlyjs_version()}"' in client.get("/assets/plotly/plotly.js", headers=HERE).text


def test_the_browser_gets_the_release_of_ag_grid_that_its_package_names_and_no_page_brings_it(client):
    package = json.loads((PROJECT / "app/components/aggrid/package.json").read_text())
    release = package["dependencies"]["ag-grid-community"]

    assert f'="{release}"' in client.get("/assets/aggrid/aggrid.js", headers=HERE).text
    assert "aggrid" not in client.get("/", headers=HERE).text


def test_a_site_that_reads_files_has_imported_no_pandas(sample_lake):
    process, address = start(sample_lake)
    try:
        answer = requests.get(f"{address}/api/v1/{dropped_visits.name}", timeout=60)
        files = {each.path for each in psutil.Process(process.pid).memory_maps()}
    finally:
        process.terminate()
        process.wait(timeout=10)

    assert answer.json()["rows"]
    assert any("/pyarrow/_dataset" in each for each in files)
    assert not [each for each in files if "/pandas/" in each]
