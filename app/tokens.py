"""app.tokens — bearer tokens for programs that ask a site with a password: shown once, kept as digests, by name.

A token is 32 random bytes, so that its plain digest cannot be guessed back, and to compare one takes microseconds.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from lakehouse import private
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

FILE = "site-tokens.json"
PREFIX = "lakehouse_"  # by which a scanner for secrets knows one
NAME = re.compile(r"[\w.-]{1,40}")
MOST = 100


@dataclass(frozen=True)
class Token:
    """What is kept of a token.

    Attributes:
        name: whose it is.
        created_at: ISO 8601, UTC.
        sha256: digest of the token.
    """

    name: str
    created_at: str
    sha256: str

    @property
    def owner(self) -> str:
        """By which what was asked with it is its own: another token of the same name is another reader."""
        return f"token-{self.sha256[:32]}"


class Tokens:
    """The tokens of one lake's site, in a file that is its owner's alone."""

    def __init__(self, settings: Settings) -> None:
        """Look at a lake; the file comes with the first token."""
        self._settings = settings
        self._path = settings.lake_path / FILE
        self._lock = Lock()
        self._seen: tuple[int, int, int] | None = None
        self._kept: list[Token] = []

    def all(self) -> list[Token]:
        """Return the tokens by name.

        Raises:
            LakehouseError: the file is damaged (exit code 4).
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return []
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        with self._lock:
            if seen != self._seen:
                self._kept, self._seen = _read(self._path), seen
            return self._kept

    def find(self, token: str) -> Token | None:
        """Return what is kept of a token; None where it is none of these, or revoked."""
        digest = _digest(token)
        found = [each for each in self.all() if hmac.compare_digest(digest, each.sha256)]
        return found[0] if found else None

    def create(self, name: str) -> str:
        """Make a token and return it; it cannot be shown again.

        Raises:
            LakehouseError: the name is taken or none, or there are too many (exit code 2).
        """
        if not NAME.fullmatch(name):
            message = f"{name!r} is no name of a token: it has 1 to 40 letters, digits, points, dashes or underscores."
            raise LakehouseError(message, "lakehouse app token create notebook", Exit.USAGE)
        kept = self.all()
        if any(each.name == name for each in kept):
            raise LakehouseError(f"There is a token {name} already.", f"lakehouse app token revoke {name}", Exit.USAGE)
        if len(kept) >= MOST:
            message = f"There are {MOST} tokens already."
            raise LakehouseError(message, f"lakehouse app token revoke {kept[0].name}", Exit.USAGE)
        token = PREFIX + secrets.token_urlsafe(32)
        made = Token(name, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", _digest(token))
        self._write(sorted([*kept, made], key=lambda each: each.name))
        return token

    def revoke(self, name: str) -> None:
        """Let a token open nothing any more.

        Raises:
            LakehouseError: there is none of that name (exit code 2).
        """
        kept = self.all()
        if not any(each.name == name for each in kept):
            raise LakehouseError(f"There is no token {name}.", "lakehouse app token list", Exit.USAGE)
        self._write([each for each in kept if each.name != name])

    def _write(self, tokens: list[Token]) -> None:
        private.make_lake(self._settings)
        partial = self._path.with_name(f".{FILE}.{os.getpid()}.part")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"format": 1, "tokens": [asdict(each) for each in tokens]}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self._path)


def _read(path: Path) -> list[Token]:
    try:
        return [Token(**each) for each in json.loads(path.read_text())["tokens"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"The tokens of the site cannot be read from {path}."
        raise LakehouseError(message, "remove the file and create them anew", Exit.ENVIRONMENT) from error


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
