"""data.cache — answers of queries, kept by what they were asked of: a table version never changes its answer."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

MOST_ROWS = 200_000  # of all answers together

Rows = list[dict[str, Any]]


class AnswerCache:
    """The answers that were asked for last, up to a number of rows."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        """Keep nothing yet."""
        self._most_rows = most_rows
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, Rows] = OrderedDict()
        self._asking: dict[Hashable, Lock] = {}
        self._rows = 0

    def get(self, key: Hashable, ask: Callable[[], Rows]) -> Rows:
        """Return the answer to a key, which nobody may change.

        If it is not kept, ask for it; who wants the same meanwhile waits for that answer, as cards of one page do.
        """
        with self._lock:
            asking = self._asking.setdefault(key, Lock())
        try:
            with asking:
                rows = self._kept(key)
                if rows is None:
                    rows = ask()
                    self._keep(key, rows)
                return rows
        finally:
            with self._lock:
                self._asking.pop(key, None)

    def _kept(self, key: Hashable) -> Rows | None:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def _keep(self, key: Hashable, rows: Rows) -> None:
        with self._lock:
            self._answers[key] = rows
            self._rows += len(rows) + 1
            while self._rows > self._most_rows and len(self._answers) > 1:
                _, oldest = self._answers.popitem(last=False)
                self._rows -= len(oldest) + 1
