"""Requests over a socket: who answers them, in which order, and how much they may hold."""

import json
import socket
import threading
from contextlib import closing
from http.client import HTTPConnection
from queue import Queue

import pytest

from app import web_server

MOST, LARGE = 20_000, 100_000


def application(environ, start_response):
    """Tell the thread that answers, the path, and how much was sent."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/json")])
    told = {"thread": threading.current_thread().name, "path": environ["PATH_INFO"], "bytes": len(body)}
    if environ["PATH_INFO"] == "/broken":
        raise ValueError("broken")
    return [json.dumps(told).encode()]


@pytest.fixture
def port():
    listening, made = socket.create_server(("127.0.0.1", 0)), Queue()

    def serve():
        server = web_server.create(application, listening, MOST, {"/files": LARGE}, ["/score", "/broken"])
        made.put(server)
        server.run()

    thread = threading.Thread(target=serve, name="reads")
    thread.start()
    server = made.get(timeout=10)
    yield listening.getsockname()[1]
    server.trigger.pull_trigger(server.close)  # by the thread that serves, between two looks at its sockets
    thread.join(10)
    assert not thread.is_alive()


def ask(port, *requests, method="POST"):
    """Ask over one connection, and return status and answer of each."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        found = []
        for path, size in requests:
            connection.request(method, path, b"x" * size)
            answer = connection.getresponse()
            found.append((answer.status, answer.read()))
        return found


def test_a_small_request_for_an_answer_from_memory_is_answered_by_who_reads_it_and_others_are_not(port):
    paths = [("/score", 10), ("/card", 10), ("/score", web_server.SMALL), ("/score", web_server.SMALL + 1)]
    told = [json.loads(body) for _, body in ask(port, *paths)]
    assert [(each["path"], each["bytes"]) for each in told] == paths
    assert [each["thread"] == "reads" for each in told] == [True, False, True, False]


def test_requests_that_come_together_are_answered_in_their_order(port):
    paths = ["/score", "/card", "/score", "/score", "/card", "/score"] * 20
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        connection.sendall(b"".join(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode() for path in paths))
        found, lines = [], connection.makefile("rb")
        while len(found) < len(paths):
            line = lines.readline()
            assert line
            if line.startswith(b"Content-Length:"):
                while lines.readline().strip():
                    pass
                found.append(json.loads(lines.read(int(line.split(b":")[1])))["path"])
    assert found == paths


def test_an_answer_that_breaks_ends_its_own_request_alone(port):
    (status, _), *_ = ask(port, ("/broken", 1))
    assert status == 500
    assert ask(port, ("/score", 1))[0][0] == 200


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [("/card", MOST - 1, 200), ("/card", MOST, 413), ("/files", MOST + 1, 200), ("/files", LARGE, 200)],
)
def test_some_paths_take_large_bodies_and_no_other_does(port, path, size, status):
    assert ask(port, (path, size))[0][0] == status


def test_who_is_refused_in_the_middle_of_a_body_may_send_the_rest_and_reads_why(port):
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", "/card", (b"x" * 1000 for _ in range(20_000)), encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Connection"), answer.read()[:24]) == (
            413,
            "close",
            b"Request Entity Too Large",
        )
        assert connection.sock is None
