"""Who a reader is: a browser with a signed name, or a program with a token; each sees what is its own."""

import pytest

from app import login, server
from app.site import Site
from app.tokens import Tokens

from .test_datasets import EVENTS, HERE, PORT


@pytest.fixture(scope="module")
def guarded(settings_for, tmp_path_factory):
    """A site with a password over an empty lake."""
    from dataclasses import replace

    known = settings_for(password_hash=login.hashed("open"))
    lake = tmp_path_factory.mktemp("readers") / "lake"
    site = Site(replace(known, lake=replace(known.lake, path=str(lake))))
    return site, server.make(site, PORT).server


@pytest.fixture
def program(guarded):
    """Return a program's way to ask: it keeps no cookie, but has a token of its own."""
    site, app = guarded
    tokens = Tokens(site.settings)

    def make(name: str):
        token = tokens.create(name)

        def ask(method: str, path: str, **said):
            headers = HERE | {"Authorization": f"Bearer {token}"}
            return app.test_client(use_cookies=False).open(f"/api/v1/{path}", method=method, headers=headers, **said)

        return ask, lambda: tokens.revoke(name)

    return make


def test_a_program_without_cookies_finds_again_what_it_brought_and_no_other_does(program):
    (one, revoke_one), (other, _) = program("one"), program("other")
    made = one("POST", "datasets/files?name=a.csv", data=EVENTS.encode())
    assert (made.status_code, "Set-Cookie" in made.headers) == (201, False)
    identity = made.json["id"]
    assert [each["id"] for each in one("GET", "datasets").json["datasets"]] == [identity]
    assert other("GET", "datasets").json["datasets"] == []
    assert other("DELETE", f"datasets/{identity}").status_code == 404

    revoke_one()
    assert one("GET", "datasets").status_code == 401
    again, _ = program("one")
    assert again("GET", "datasets").json["datasets"] == []


def test_a_job_that_a_program_asks_for_is_its_own(program):
    (one, _), (other, _) = program("first"), program("second")
    job = one("POST", "jobs", json={"kind": "score-lake", "arguments": {}}).json["id"]
    assert [each["id"] for each in one("GET", "jobs").json["jobs"]] == [job]
    assert other("GET", f"jobs/{job}").status_code == 404
