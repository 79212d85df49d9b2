"""jobs.owner — whose jobs, datasets and queries are whose.

A reader is a browser, which gets a random name, signed with a key that stays in the lake; or an API token.
"""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from flask import Response, g, request

COOKIE = "owner"
DAYS = 30
KEY = "key"
KEY_BYTES = 32


def current(root: Path) -> str:
    """Return the name of the reader who sent this request; empty if he has none, or one that we did not give."""
    if token := str(g.get("reader", "")):
        return token
    name, _, signature = request.cookies.get(COOKIE, "").partition(".")
    key = _read(root / KEY)
    return name if key and name and hmac.compare_digest(_sign(name, key), signature) else ""


def greet(answer: Response, root: Path, name: str, base: str) -> Response:
    """Let a browser remember its name; a program has its token.

    Args:
        answer: to its request.
        root: the folder of the jobs, which is there.
        name: of the browser, `new()` for one that has none.
        base: the path under which the site lies.
    """
    if g.get("reader"):
        return answer
    is_secure = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
    value = f"{name}.{_sign(name, _make(root / KEY))}"
    seconds = DAYS * 86_400
    answer.set_cookie(COOKIE, value, max_age=seconds, httponly=True, samesite="Strict", secure=is_secure, path=base)
    return answer


def new() -> str:
    """Return a name that nobody can guess."""
    return secrets.token_hex(16)


def _sign(name: str, key: bytes) -> str:
    return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _make(path: Path) -> bytes:
    """Return the key, made where it is missing; of two that make it at once, one wins."""
    if not path.is_file():
        partial = path.with_name(f".{KEY}-{secrets.token_hex(4)}")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        with suppress(FileExistsError):
            os.link(partial, path)
        partial.unlink()
    return _read(path)
