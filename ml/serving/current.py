"""ml.serving.current — the champion as it serves now: kept in memory, read anew only when another one serves."""

from dataclasses import replace
from pathlib import Path
from threading import Lock

from lakehouse.settings import Settings
from ml.registry import aliases
from ml.serving.scorer import Scorer, champion


class Champion:
    """The champion of one lake."""

    def __init__(self, settings: Settings) -> None:
        """Look at the lake that the settings name; nothing is read yet."""
        self._settings = settings
        lender = replace(settings, lake=replace(settings.lake, path=settings.lake.borrows))
        self._paths = [aliases.path(each) for each in ([settings, lender] if settings.lake.borrows else [settings])]
        self._lock = Lock()
        self._seen: list[tuple[int, ...]] | None = None
        self._scorer: Scorer | None = None

    def get(self) -> Scorer | None:
        """Return the champion, None while there is none; a promotion or a rollback shows in the next answer.

        Raises:
            LakehouseError: its file is missing or was altered (exit code 3).
        """
        seen = [_stamp(each) for each in self._paths]
        with self._lock:
            if seen != self._seen:
                self._scorer = champion(self._settings)
                self._seen = seen
            return self._scorer

    @property
    def names(self) -> str:
        """What differs whenever the file that names the versions is written anew."""
        return "-".join(str(part) for each in self._paths for part in _stamp(each)[:2])


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what differs between two contents of a file that is replaced whole; nothing where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size
