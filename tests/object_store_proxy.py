"""A door before the server of objects: it counts requests, delays, refuses, overtakes or loses the answers of some.

It is a process of its own, as the server is. `python object_store_proxy.py http://127.0.0.1:1234` says where it listens;
`POST /_rules` sets what it does, `GET /_seen` tells what came since.
"""

import json
import re
import sys
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, local
from typing import ClassVar
from urllib.parse import urlsplit

ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
HOP = {"connection", "transfer-encoding", "keep-alive", "content-length", "date", "server"}


class Door(BaseHTTPRequestHandler):
    """Hands one request on, or not."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    target = ""
    rules: ClassVar[dict] = {}
    seen: ClassVar[list] = []
    lock = Lock()
    connections = local()

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else self._chunks()
        if self.path == "/_rules":
            type(self).rules, type(self).seen = json.loads(body), []
            return self._send(200, b"")
        if self.path == "/_seen":
            return self._send(200, json.dumps(self.seen).encode())
        rules, request = self.rules, f"{self.command} {self.path}"
        with self.lock:
            self.seen.append(request)
            number = len(self.seen)
            is_meant = re.search(rules.get("match", ""), request) is not None
            left = rules.get("times", sys.maxsize)
            is_struck = is_meant and left > 0 and not number % rules.get("every", 1)
            rules["times"] = left - is_struck
        time.sleep(rules.get("delay", 0))
        if "key" in rules and f"Credential={rules['key']}/" not in self.headers.get("Authorization", ""):
            return self._send(403, ERROR.format(code="InvalidAccessKeyId").encode())
        if is_struck and rules.get("act") == "down":  # from now on, whatever is asked
            rules.update(match="", act="cut")
        if is_struck and rules.get("act") == "cut":  # before the server has seen it
            return self._cut()
        if is_struck and rules.get("act") == "fail":
            return self._send(503, ERROR.format(code="SlowDown").encode())
        if is_struck and rules.get("act") == "overtake":  # another writer is there a moment sooner
            self._ask(rules["entry"].encode(), {})
        if "If-None-Match" in self.headers and rules.get("condition") == "refused":
            return self._send(501, ERROR.format(code="NotImplemented").encode())
        dropped = HOP | ({"if-none-match"} if rules.get("condition") == "ignored" else set())
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        status, headers, content = self._ask(body, headers)
        if is_struck and rules.get("act") == "lose":  # after the server has done it
            return self._cut()
        if is_struck and rules.get("act") == "deny":
            return self._send(500, ERROR.format(code="InternalError").encode())
        self._send(status, content, headers)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        for _ in range(2):
            if not hasattr(self.connections, "one"):
                self.connections.one = HTTPConnection(urlsplit(self.target).netloc)
            try:
                self.connections.one.request(self.command, self.path, body, headers)
                found = self.connections.one.getresponse()
                return found.status, dict(found.getheaders()), found.read()
            except OSError:
                del self.connections.one
        raise OSError("the server is gone")

    def _chunks(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return b""
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            if name.lower() not in HOP:
                self.send_header(name, value)
        length = (headers or {}).get("Content-Length", str(len(content))) if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Door.target = sys.argv[1]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    print(f"Running on http://127.0.0.1:{server.server_port} ", flush=True)
    server.serve_forever()
