"""ml.serving.current — the champion as it serves now: kept in memory, read anew only when another one serves."""

import time
from collections.abc import Callable
from threading import Lock

from lakehouse.settings import Settings
from lakehouse.storage.folder import Folder, Status
from ml.registry import aliases, versions
from ml.serving.scorer import Scorer, champion

SECONDS_BETWEEN_LOOKS = 1.0  # into an object store, which takes a request


class Champion:
    """The champion of one lake."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Look at the lake that the settings name; nothing is read yet."""
        self._settings = settings
        lakes = [settings, versions.lender(settings)] if settings.lake.borrows else [settings]
        self._folders = [versions.served(each) for each in lakes]
        self._clock, self._looked_at = clock, float("-inf")
        self._lock = Lock()
        self._seen: list[bytes | Status | None] | None = None
        self._scorer: Scorer | None = None

    def get(self) -> Scorer | None:
        """Return the champion, None while there is none.

        A promotion or a rollback shows in the next answer; out of an object store in one a second later.

        Raises:
            LakehouseError: its file is missing or was altered (exit code 3).
        """
        is_local = all(folder.is_local for folder in self._folders)
        if not is_local and self._clock() - self._looked_at < SECONDS_BETWEEN_LOOKS:
            return self._scorer
        self._looked_at = self._clock()
        seen = [_stamp(folder) for folder in self._folders]
        with self._lock:
            if seen != self._seen:
                self._scorer = champion(self._settings)
                self._seen = seen
            return self._scorer


def _stamp(folder: Folder) -> bytes | Status | None:
    """Return what differs between two contents of the file of aliases; nothing where there is none."""
    if folder.is_local:
        return folder.status(aliases.FILE)
    try:
        return folder.read(aliases.FILE)  # whose time of writing an object store tells in whole seconds
    except FileNotFoundError:
        return None
