"""app.security — who may ask, and what a browser may do with the answer."""

from collections.abc import Sequence

from flask import Flask, Response, request

LOCAL = ("127.0.0.1", "localhost")


def allowed_hosts(port: int) -> frozenset[str]:
    """Return the Host headers that a browser on this machine sends; any other is somebody else's name for it."""
    return frozenset(f"{host}:{port}" for host in LOCAL)


def policy(script_hashes: Sequence[str]) -> str:
    """Return the content security policy: everything from this site, no inline script but those hashed, no eval."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {' '.join(script_hashes)}",
            "style-src 'self' 'unsafe-inline'",  # Mantine and Plotly set styles on elements
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def protect(server: Flask, port: int, script_hashes: Sequence[str]) -> None:
    """Refuse foreign hosts and foreign pages' posts, and send the security headers with every answer."""
    hosts = allowed_hosts(port)
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
        if request.headers.get("Host", "") not in hosts:
            return refusal("This site answers only under its own address.")
        is_reading = request.method in ("GET", "HEAD", "OPTIONS")
        if not is_reading and request.headers.get("Origin", "") not in {f"http://{host}" for host in hosts}:
            return refusal("This site takes requests only from its own pages.")
        return None

    @server.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(headers)
        return response


def refusal(sentence: str) -> Response:
    """Answer 403 with a sentence."""
    return Response(sentence + "\n", status=403, mimetype="text/plain")
