"""data.serving — what answers one visit or one visitor: model, recommendations and facts of a lake, in memory.

Recommendations and facts are those of a publication. A newer one is loaded in the background, while the former answers,
and takes its place whole.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock, Thread

from app.data.tables import TableKey
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from lakehouse.storage.ledger import Run
from ml.serving import memory
from ml.serving.current import Champion
from ml.serving.memory import TABLES, Memory
from ml.serving.scorer import Scorer

SECONDS_BEFORE_ANOTHER_TRY = 60.0
SECONDS_TO_LOAD = 5

log = logging.getLogger("app")


class NotServed(LakehouseError):
    """A lake cannot answer this now.

    Attributes:
        retry_after: seconds after which it is worth asking again; None where something must be done first.
    """

    def __init__(self, message: str, remedy: str, retry_after: int | None = None) -> None:
        """Say why, and what mends it."""
        super().__init__(message, remedy, Exit.ENVIRONMENT)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Served:
    """What one publication serves.

    Attributes:
        run: the run that published it.
        keys: the versions of the tables it was read from.
        memory: recommendations and facts.
    """

    run: Run
    keys: Mapping[str, TableKey]
    memory: Memory


class Serving:
    """What one lake serves."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Look at a lake; nothing is read yet."""
        self._settings, self._champion, self._clock = settings, Champion(settings), clock
        self._lock = Lock()
        self._served: Served | None = None
        self._failed: tuple[str, float] | None = None  # run that cannot be loaded, and when it was tried

    @property
    def model(self) -> Scorer | None:
        """The champion, None while there is none."""
        return self._champion.get()

    @property
    def names(self) -> str:
        """What differs whenever another version serves or a name of one changes."""
        return self._champion.names

    def require_model(self) -> Scorer:
        """Return the champion.

        Raises:
            NotServed: there is none.
        """
        if (model := self.model) is None:
            raise NotServed("There is no model that serves.", "lakehouse ml train promote --bootstrap")
        return model

    def follow(self, run: Run, keys: Mapping[str, TableKey]) -> None:
        """Load a newer publication in the background, if anybody asked for the one before."""
        if self._served is not None:
            self._load_in_background(run, keys)

    def served(self, run: Run, keys: Mapping[str, TableKey]) -> Served:
        """Return what a publication serves; while it is loaded, what the one before it does.

        Args:
            run: the newest publication.
            keys: what its tables' names mean.

        Raises:
            NotServed: its tables are of an older release, or nothing is loaded yet.
        """
        missing = next((name for name in TABLES if name not in keys), None)
        if missing:
            raise NotServed(f"This lake has no {missing} yet; an older release built it.", "lakehouse run")
        served = self._served
        if served is None or served.run.run_id != run.run_id:
            self._load_in_background(run, keys)
        served = self._served
        if served is None:
            is_broken = self._failed is not None and self._failed[0] == run.run_id
            if is_broken:
                message = f"The tables of run {run.number} cannot be loaded; the log of the site has the reason."
                raise NotServed(message, "lakehouse doctor", int(SECONDS_BEFORE_ANOTHER_TRY))
            message = "Items and visits are being brought into memory."
            raise NotServed(message, f"ask again in {SECONDS_TO_LOAD} seconds", SECONDS_TO_LOAD)
        return served

    def load(self, run: Run, keys: Mapping[str, TableKey]) -> None:
        """Bring a publication into memory, and let it answer; tables that are the same are not read again."""
        wanted, former = {name: keys[name] for name in TABLES}, self._served
        if former is not None and former.keys == wanted:
            self._served = replace(former, run=run)
            return
        self._served = Served(run, wanted, memory.load(self._settings, run))

    def _load_in_background(self, run: Run, keys: Mapping[str, TableKey]) -> None:
        if any(name not in keys for name in TABLES) or self._lock.locked():
            return
        failed, tried_at = self._failed or ("", 0.0)
        if failed == run.run_id and self._clock() < tried_at + SECONDS_BEFORE_ANOTHER_TRY:
            return
        Thread(target=self._try_to_load, args=(run, keys), name="serving", daemon=True).start()

    def _try_to_load(self, run: Run, keys: Mapping[str, TableKey]) -> None:
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._served is None or self._served.run.run_id != run.run_id:
                self.load(run, keys)
            self._failed = None
        except Exception:
            self._failed = run.run_id, self._clock()
            log.exception("What run %s serves cannot be loaded; what the one before does stays.", run.run_id)
        finally:
            self._lock.release()
