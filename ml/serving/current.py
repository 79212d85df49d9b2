"""ml.serving.current — the champion as it serves now: kept in memory, read anew only when another one serves."""

from threading import Lock

from lakehouse.settings import Settings
from ml.registry import aliases
from ml.serving.scorer import Scorer, champion


class Champion:
    """The champion of one lake."""

    def __init__(self, settings: Settings) -> None:
        """Look at the lake that the settings name; nothing is read yet."""
        self._settings, self._path = settings, aliases.path(settings)
        self._lock = Lock()
        self._seen: tuple[int, int, int] | None = None
        self._scorer: Scorer | None = None

    def get(self) -> Scorer | None:
        """Return the champion, None while there is none; a promotion or a rollback shows in the next answer.

        Raises:
            LakehouseError: its file is missing or was altered (exit code 3).
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        with self._lock:
            if seen != self._seen:
                self._scorer = champion(self._settings)
                self._seen = seen
            return self._scorer
