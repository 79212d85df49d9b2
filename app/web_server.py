"""app.web_server — waitress with habits of its own: large bodies at some paths, answers at once, refusals one can read.

Waitress reads requests in one thread and answers them in others. To hand a request over costs more than an answer from
memory, and the longer the line the more: so the thread that read a small request for such an answer gives it itself.
"""

import socket
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from copy import copy
from threading import get_ident
from typing import Any

from waitress import create_server
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ThreadedTaskDispatcher

from app.api.at_once import SMALL

THREADS = 8
CONNECTIONS = 1000  # a browser holds six
TOGETHER = 1 << 16  # bytes of an answer that are sent at once, its head with them
SLACK = 1 << 20  # bytes over the most of a path, so that the site itself refuses what is too large


class Dispatcher(ThreadedTaskDispatcher):
    """Leaves a request that is answered at once to the thread that is reading it."""

    def __init__(self, at_once: Collection[str]) -> None:
        """Start the threads.

        Args:
            at_once: paths that answer small requests from memory, without waiting for anything.
        """
        super().__init__()
        self.at_once = frozenset(at_once)
        self.set_thread_count(THREADS)

    def add_task(self, task: "Channel") -> None:
        """Take a channel with a request that is read to its end."""
        request = task.requests[0]
        if task.is_reading and request.path in self.at_once and request.content_length <= SMALL:
            task.is_due = True
        else:
            super().add_task(task)


class Channel(HTTPChannel):
    """A connection. Several requests in a row are answered in their order, whoever answers them."""

    requests: list[Any]
    is_reading = False
    is_due = False
    is_refused = False
    is_lingering = False

    def received(self, data: bytes) -> bool:
        """Take bytes that came, and answer the request that they end if it is for this thread."""
        self.is_reading = True
        is_taken = bool(super().received(data))
        self.is_reading = False
        if self.is_due:
            self.is_due = False
            self.service()
            self.handle_write()
        return is_taken

    def service(self) -> None:
        """Answer the first request that waits."""
        self.is_refused = self.requests[0].error is not None
        super().service()

    def handle_close(self) -> None:
        """Close the connection; one whose request was refused unread, only once its sender has stopped.

        A line that is closed on a sender takes the answer along. One who never stops is closed on as one who is idle.
        """
        if self.is_refused and not self.is_lingering:
            self.is_lingering = True
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                self.will_close = False
                return
        super().handle_close()

    def handle_read(self) -> None:
        """Read; what comes after a refusal is thrown away."""
        if self.is_lingering:
            self.recv(TOGETHER)
        else:
            super().handle_read()


def create(
    application: Callable[..., Any],
    listening: socket.socket,
    most: int,
    large: Mapping[str, int],
    at_once: Collection[str],
) -> Any:
    """Make a server.

    Args:
        application: the site, as WSGI has it.
        listening: a socket that listens.
        most: bytes of a request's body.
        large: path -> bytes of a body, where it may be larger.
        at_once: paths that answer from memory, without waiting for anything.

    Returns:
        A server, which serves by `run`, in this thread, until it is interrupted or closed.
    """

    class Parser(HTTPRequestParser):
        """Knows the limit of a request once it knows its path."""

        adj: Any

        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if self.path in large:
                self.adj = copy(self.adj)
                self.adj.max_request_body_size = large[self.path] + SLACK

    server = create_server(
        application,
        sockets=[listening],
        _dispatcher=Dispatcher(at_once),
        ident=None,
        connection_limit=CONNECTIONS,
        max_request_body_size=most,
    )
    reader, wake = get_ident(), server.pull_trigger
    server.pull_trigger = lambda: None if get_ident() == reader else wake()  # a thread need not wake itself
    server.adj.send_bytes = TOGETHER
    server.channel_class = type("Channel", (Channel,), {"parser_class": Parser})
    return server
