"""app.login — one password for a site that other machines can reach: hashed, tried seldom, remembered by a cookie."""

import hashlib
import hmac
import html
import secrets
import time
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable

from flask import Flask, Response, g, request

from app.security import is_of_api, is_reading, refusal
from app.tokens import Tokens
from lakehouse.errors import Exit, LakehouseError

COOKIE = "session"
HOURS = 12
TRIES, SECONDS = 5, 60.0  # wrong passwords of all visitors together before everyone waits
TOKEN_REMEDY = "lakehouse app token create NAME"
COST = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20}
PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Log in · Clickstream Lakehouse</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="{base}assets/scheme.js"></script><link rel="stylesheet" href="{base}assets/site.css"></head>
<body><main class="login card"><h1>Clickstream Lakehouse</h1><form method="post">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<button class="button" type="submit">Log in</button>
<p class="bad" role="alert">{said}</p></form></main></body></html>"""


def hashed(password: str) -> str:
    """Return what the setting `app.password_hash` takes for a password."""
    salt = secrets.token_bytes(16)
    return f"scrypt:{b64encode(salt).decode()}:{b64encode(_scrypt(password, salt)).decode()}"


def is_password(password: str, known: str) -> bool:
    """Say whether a password is the one of a hash."""
    _, salt, digest = known.split(":")
    return hmac.compare_digest(_scrypt(password, b64decode(salt)), b64decode(digest))


def check(known: str) -> None:
    """Refuse a hash that no password has.

    Raises:
        LakehouseError: it is not of the form that `hashed` makes (exit code 2).
    """
    parts = known.split(":")
    if known and (len(parts) != 3 or parts[0] != "scrypt"):
        raise LakehouseError(
            "app.password_hash is not a hash of a password.", "lakehouse app --hash-password", Exit.USAGE
        )


class Attempts:
    """Wrong passwords of the last minute. Whoever guesses is many; so everyone waits."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Count from now on."""
        self._clock = clock
        self._wrong: deque[float] = deque(maxlen=TRIES)

    def wait(self) -> int:
        """Return for how many seconds nobody may try."""
        if len(self._wrong) < TRIES:
            return 0
        return max(0, int(self._wrong[0] + SECONDS - self._clock() + 1))

    def add(self) -> None:
        """Count a wrong password."""
        self._wrong.append(self._clock())


def protect(server: Flask, known: str, base: str, tokens: Tokens, attempts: Attempts | None = None) -> None:
    """Ask for the password before anything but the login page and what it is made of is answered.

    A program asks the API by a token instead; wrong ones are counted as wrong passwords are, but for themselves.

    Args:
        server: the site's.
        known: the hash of the password.
        base: the path under which the site lies.
        tokens: those of programs.
        attempts: wrong passwords so far.
    """
    key, tries, path = secrets.token_bytes(32), attempts or Attempts(), f"{base}login"
    token_tries = Attempts()
    is_free = (path, f"{base}health", f"{base}assets/")

    @server.before_request
    def ask() -> Response | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if is_of_api() and scheme.lower() == "bearer":
            found = tokens.find(token.strip())
            g.is_guest = found is None
            g.reader = found.owner if found else ""
            return _refuse_token(token_tries) if g.is_guest else None
        g.is_guest = not _is_valid(request.cookies.get(COOKIE, ""), key)
        if not g.is_guest and not is_reading() and "Origin" not in request.headers:
            return refusal("A login counts for this site's own pages; a program needs a token.", 403, TOKEN_REMEDY)
        if not g.is_guest or request.path.startswith(is_free):
            return None
        if is_of_api():
            answer = refusal("This site has a password: log in, or ask by a token.", 401, TOKEN_REMEDY)
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        if request.method == "GET" and request.accept_mimetypes.best in ("text/html", None):
            return _redirect(path)
        return refusal("Log in first.", 401)

    @server.route(path, methods=["GET", "POST"])
    def login() -> Response:
        if request.method == "GET":
            return _page(base)
        if seconds := tries.wait():
            answer = _page(base, f"Too many wrong passwords. Try again in {seconds} s.", 429)
            answer.headers["Retry-After"] = str(seconds)
            return answer
        if not is_password(request.form.get("password", ""), known):
            tries.add()
            return _page(base, "This is not the password.", 401)
        answer = _redirect(base)
        is_secure = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
        answer.set_cookie(
            COOKIE, _token(key), max_age=HOURS * 3600, httponly=True, samesite="Strict", secure=is_secure, path=base
        )
        return answer


def _refuse_token(tries: Attempts) -> Response:
    """Refuse a wrong token, and the sixth of a minute without another look. A right one never waits for others'."""
    if seconds := tries.wait():
        answer = refusal(f"Too many wrong tokens. Try again in {seconds} s.", 429, TOKEN_REMEDY)
        answer.headers["Retry-After"] = str(seconds)
        return answer
    tries.add()
    return refusal("This token opens nothing here.", 401, TOKEN_REMEDY)


def _redirect(path: str) -> Response:
    return Response(status=302, headers={"Location": path})


def _page(base: str, said: str = "", status: int = 200) -> Response:
    return Response(PAGE.format(base=html.escape(base), said=html.escape(said)), status=status, mimetype="text/html")


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **COST)


def _token(key: bytes) -> str:
    until = str(int(time.time()) + HOURS * 3600)
    return f"{until}.{hmac.new(key, until.encode(), hashlib.sha256).hexdigest()}"


def _is_valid(token: str, key: bytes) -> bool:
    until, _, signature = token.partition(".")
    expected = hmac.new(key, until.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, expected) and until.isdigit() and int(until) > time.time()
