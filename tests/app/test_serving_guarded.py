"""Scores and recommendations of a site with a password: by a token, or by the cookie of a login."""

import os
import shutil
import stat
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from app import login
from app.tokens import FILE, Tokens

from ..conftest import settings_of
from .conftest import start
from .test_serving import PASSWORD, VISIT, asker, loaded


@pytest.fixture(scope="module")
def guarded(sample_lake, tmp_path_factory):
    """A site with a password over a lake of its own; what asks it, the lake, and a token."""
    path = tmp_path_factory.mktemp("guarded") / "lake"
    shutil.copytree(sample_lake, path)
    token = Tokens(settings_of(path)).create("notebook")
    process, address = start(path, LAKEHOUSE_APP__PASSWORD_HASH=login.hashed(PASSWORD))
    yield asker(address), path, token, address
    process.terminate()
    process.wait(timeout=10)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_with_a_password_a_program_asks_by_a_token_until_it_is_revoked(guarded):
    ask, path, token, _ = guarded
    loaded(ask, **bearer(token))
    other = Tokens(settings_of(path)).create("other")

    assert ask("POST", "score", {"visits": [VISIT]}, **bearer(other))[0] == 200
    Tokens(settings_of(path)).revoke("other")
    assert ask("POST", "score", {"visits": [VISIT]}, **bearer(other))[0] == 401
    assert ask("POST", "score", {"visits": [VISIT]}, **bearer(token))[0] == 200


def test_with_a_password_nobody_asks_without_a_token(guarded):
    ask, _, token, _ = guarded
    status, headers, answer = ask("POST", "score", {"visits": [VISIT]})

    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer["remedy"] == "lakehouse app token create NAME"
    assert ask("GET", "recommendations?item=1")[0] == 401
    assert ask("POST", "score", {"visits": [VISIT]}, Origin="http://evil.example", **bearer(token))[0] == 403


def test_the_cookie_of_a_login_posts_only_from_our_own_pages(guarded):
    ask, _, _, address = guarded
    connection = HTTPConnection(urlsplit(address).netloc)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": address}
    connection.request("POST", "/login", f"password={PASSWORD.replace(' ', '+')}", form)
    cookie = connection.getresponse().headers["Set-Cookie"].split(";")[0]

    assert ask("POST", "score", {"visits": [VISIT]}, Cookie=cookie, Origin=address)[0] == 200
    assert ask("POST", "score", {"visits": [VISIT]}, Cookie=cookie)[0] == 403
    assert ask("GET", "recommendations?item=1", Cookie=cookie)[0] == 200


def test_whoever_guesses_tokens_waits_and_whoever_has_one_does_not(guarded):
    ask, _, token, _ = guarded
    answers = [ask("GET", "views", **bearer(f"lakehouse_{guess}")) for guess in range(login.TRIES + 2)]

    assert {answer[0] for answer in answers[: login.TRIES]} <= {401, 429}
    assert answers[-1][0] == 429 and int(answers[-1][1]["Retry-After"]) > 0
    assert ask("GET", "views", **bearer(token))[0] == 200


def test_a_token_is_kept_as_a_digest_that_only_its_owner_reads(guarded):
    _, path, token, _ = guarded
    file = path / FILE

    assert token not in file.read_text()
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
