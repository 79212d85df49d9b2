"""Which requests are answered without Flask, and that all others reach it whole."""

import io
import json

import pytest

from app.api.at_once import SMALL, AtOnce
from lakehouse.errors import LakehouseError

PLAIN = {"REQUEST_METHOD": "GET", "PATH_INFO": "/ask", "QUERY_STRING": "", "HTTP_HOST": "here:8050"}
POST = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "4"}


def answer(arguments, body):
    if "broken" in arguments:
        raise LakehouseError("This cannot be asked.")
    return {"arguments": arguments, "body": body.decode()}


def behind(environ, start_response):
    start_response("200 OK", [])
    return [b"behind ", environ["wsgi.input"].read()]


def ask(body=b"", **environ):
    told = []
    first = AtOnce(behind, ["here:8050"], {("GET", "/ask"): answer, ("POST", "/ask"): answer})
    given = PLAIN | environ | {"wsgi.input": io.BytesIO(body)}
    return b"".join(first(given, lambda status, headers: told.extend([status, dict(headers)]))), *told


@pytest.mark.parametrize(
    ("environ", "arguments", "body"),
    [
        ({}, {}, ""),
        ({"QUERY_STRING": "items=1%2C2&items=3&empty="}, {"items": ["1,2", "3"], "empty": [""]}, ""),
        (POST, {}, "told"),
        (POST | {"QUERY_STRING": "lake=b"}, {"lake": ["b"]}, "told"),
    ],
)
def test_a_programs_question_is_answered_at_once(environ, arguments, body):
    answered, status, headers = ask(b"told", **environ)

    assert json.loads(answered) == {"arguments": arguments, "body": body}
    assert (status, headers) == ("200 OK", {"Content-Type": "application/json", "Content-Length": str(len(answered))})


@pytest.mark.parametrize(
    "environ",
    [
        {"PATH_INFO": "/other"},
        {"REQUEST_METHOD": "HEAD"},
        {"HTTP_HOST": "elsewhere:8050"},
        {"HTTP_HOST": ""},
        {"HTTP_ORIGIN": "http://here:8050"},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        POST | {"CONTENT_TYPE": "text/plain"},
        POST | {"CONTENT_TYPE": ""},
        POST | {"CONTENT_LENGTH": str(SMALL + 1)},
        POST | {"QUERY_STRING": "broken="},
    ],
)
def test_anything_else_reaches_who_stands_behind_with_its_body(environ):
    assert ask(b"told", **environ)[0] == b"behind told"
