"""app.security — who may ask, and what a browser may do with the answer."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, request

from app.components.parts import BASE

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LOCAL = ("127.0.0.1", "localhost")
HTTP = 80


@dataclass(frozen=True)
class Names:
    """Under which names the site answers.

    Attributes:
        port: where it listens.
        others: further Host headers: the names under which a proxy or a network reaches it.
        base: the path under which it lies.
    """

    port: int
    others: tuple[str, ...] = ()
    base: str = "/"

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that are answered; any other is somebody else's name for this machine.

        A browser leaves the port out where it is HTTP's own.
        """
        local = {f"{host}:{self.port}" for host in LOCAL}
        bare = set(LOCAL) if self.port == HTTP else set()
        return frozenset({*local, *bare, *self.others})

    @property
    def origins(self) -> frozenset[str]:
        """The origins whose pages may post; behind another name a proxy may speak TLS."""
        return frozenset({*(f"http://{host}" for host in self.hosts), *(f"https://{host}" for host in self.others)})


def policy(script_hashes: Sequence[str]) -> str:
    """Return the content security policy: everything from this site, no inline script but those hashed, no eval."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {' '.join(script_hashes)}".strip(),
            "style-src 'self' 'unsafe-inline'",  # Mantine and Plotly set styles on elements
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def protect(server: Flask, names: Names, script_hashes: Sequence[str], large: Mapping[str, int] | None = None) -> None:
    """Refuse foreign hosts, foreign pages' posts and large bodies; send the security headers with every answer.

    Args:
        server: the site's.
        names: under which it answers.
        script_hashes: of the inline scripts that may run.
        large: path -> bytes of a body, where it may be larger than any other's.
    """
    headers = {
        "Content-Security-Policy": policy(script_hashes),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }

    @server.before_request
    def check() -> Response | None:
        if request.headers.get("Host", "") not in names.hosts:
            return refusal("This site answers only under its own address. Others stand in the setting app.names.")
        if not (is_reading() or request.headers.get("Origin", "") in names.origins or is_program()):
            return refusal("This site takes requests only from its own pages, and JSON from programs under api/.")
        most = (large or {}).get(request.path, server.config["MAX_CONTENT_LENGTH"])
        request.max_content_length = most
        if (request.content_length or 0) > most:
            return refusal("This request is larger than any that this site's pages send.", 413)
        return None

    server.wsgi_app = with_headers(server.wsgi_app, list(headers.items()))  # type: ignore[assignment,method-assign]


def with_headers(application: "WSGIApplication", headers: Sequence[tuple[str, str]]) -> "WSGIApplication":
    """Let an application send headers with every answer; it sends none of their names itself."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, own: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*own, *headers], *error)

        return application(environ, start)

    return answer


def is_reading() -> bool:
    """Say whether a request changes nothing."""
    return request.method in ("GET", "HEAD", "OPTIONS")


def is_program() -> bool:
    """Say whether a request that posts JSON to the API comes from no page.

    A browser names the origin of every page that posts, and asks first before it sends JSON elsewhere.
    """
    is_named = "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") != "none"
    return request.method == "POST" and is_of_api() and request.mimetype == "application/json" and not is_named


def is_of_api() -> bool:
    """Say whether a request is to the API."""
    return request.path.removeprefix(current_app.config.get(BASE, "/").rstrip("/")).startswith("/api/")


def refusal(sentence: str, status: int = 403, remedy: str = "") -> Response:
    """Answer with a sentence; under api/ as a problem (RFC 9457)."""
    if not is_of_api():
        return Response(sentence + "\n", status=status, mimetype="text/plain")
    body = {"type": "about:blank", "title": sentence, "status": status, "remedy": remedy or "GET /api/v1/openapi.json"}
    return Response(json.dumps(body), status=status, mimetype="application/problem+json")
