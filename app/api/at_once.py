"""api.at_once — answers from memory without Flask, which takes longer to pass a request on than they take.

Only the plain case is answered here: a program asks under the site's own name for something valid. All else goes to
Flask, where the same questions stand behind the same addresses: it refuses, explains, and asks for passwords.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs

from app.api.answers import to_json
from lakehouse.errors import LakehouseError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SMALL = 8192  # bytes of a body
OF_PAGES = ("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE")  # only browsers send them

Arguments: TypeAlias = Mapping[str, list[str]]
Question: TypeAlias = Callable[[Arguments, bytes], Any]  # arguments of the address, and the body -> what JSON says


class AtOnce:
    """A WSGI application before another one.

    Attributes:
        application: the other one.
        hosts: Host headers that are answered.
        questions: method and path -> what answers.
    """

    def __init__(
        self, application: "WSGIApplication", hosts: Collection[str], questions: Mapping[tuple[str, str], Question]
    ) -> None:
        """Answer questions before an application."""
        self.application = application
        self.hosts = hosts
        self.questions = questions

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request, or let the application do so."""
        question = self.questions.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if question and self._is_plain(environ):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            try:
                answer = to_json(question(parse_qs(environ["QUERY_STRING"], keep_blank_values=True), body))
            except LakehouseError:
                environ["wsgi.input"] = BytesIO(body)
            else:
                start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
                return [answer]
        return self.application(environ, start_response)

    def _is_plain(self, environ: "WSGIEnvironment") -> bool:
        return (
            environ.get("HTTP_HOST") in self.hosts
            and not any(name in environ for name in OF_PAGES)
            and (environ["REQUEST_METHOD"] == "GET" or environ.get("CONTENT_TYPE") == "application/json")
            and int(environ.get("CONTENT_LENGTH") or 0) <= SMALL
        )
