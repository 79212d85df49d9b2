"""jobs.worker — the process that does one job: it tells how far it is, shows that it lives, and leaves nothing half."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from app.jobs import files, kinds
from app.jobs.store import RUNNING, WAITING, Store
from lakehouse import error_messages, failpoints
from lakehouse.errors import Exit, LakehouseError
from lakehouse.runs import lock
from lakehouse.settings import Settings

PULSE_SECONDS = 2.0
SECONDS_BETWEEN_TELLING = 0.3
LOCK_SECONDS = 30 * 60.0  # for which a job waits until another run has left the lake
SECONDS_BETWEEN_TRIES = 1.0
NICENESS = 5  # pages go first


def work(settings: Settings, root: Path, identity: str) -> None:
    """Do a job, and note what came of it.

    Args:
        settings: of the lake that it is about.
        root: the folder of the site's jobs.
        identity: of the job.
    """
    store = Store(root)
    job = store.get(identity)
    if job is None or not store.begin(identity):
        return
    os.nice(NICENESS)
    reporter = Reporter(store, root, identity)
    Thread(target=reporter.pulse, name="pulse", daemon=True).start()
    folder = files.folder_of(root, identity)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        kind = kinds.find(job.kind)
        with _lock_of_lake(settings, kind, reporter):
            result = kind.run(kinds.Task(settings, job.arguments, folder, reporter.tell, job.owner))
        failpoints.reach("jobs.worked")
        is_wanted = store.finish(identity, {"files": files.results(root, identity), **result})
    except BaseException as error:  # a panic of a library in Rust is no Exception
        known = error_messages.explain(error, settings)
        files.clear(root, identity)
        store.fail(identity, known.message, known.remedy)
        return
    failpoints.reach("jobs.finished")
    if is_wanted:
        (folder / files.INPUT).unlink(missing_ok=True)
    else:
        files.clear(root, identity)


@dataclass
class Reporter:
    """Tells the table how far a job is, not too often."""

    store: Store
    root: Path
    identity: str
    _told_at: float = field(default=float("-inf"), init=False)

    def tell(self, done: int, total: int, sentence: str) -> None:
        """Tell how far the job is; a job that was cancelled ends here."""
        if time.monotonic() - self._told_at > SECONDS_BETWEEN_TELLING:
            self._told_at = time.monotonic()
            self.note(done=done, total=total, sentence=sentence)

    def note(self, **told: Any) -> None:
        """Tell it at once."""
        if not self.store.tell(self.identity, **told):
            files.clear(self.root, self.identity)
            os._exit(int(Exit.INTERRUPTED))

    def pulse(self) -> None:
        """Show again and again that this process lives; end it if nobody wants the job any more."""
        while True:
            time.sleep(PULSE_SECONDS)
            try:
                self.note()
            except LakehouseError:  # a disk that is full now may have room at the next beat
                continue


@contextmanager
def _lock_of_lake(settings: Settings, kind: kinds.Kind, reporter: Reporter) -> Iterator[None]:
    """Hold the lake's lock where the kind writes it; wait for it, as long as somebody waits for the job.

    Raises:
        LakehouseError: another process holds it for half an hour (exit code 4).
    """
    with ExitStack() as stack:
        end = time.monotonic() + LOCK_SECONDS
        while kind.writes_lake:
            try:
                stack.enter_context(lock.hold(settings, f"the site's job {kind.name}"))
                break
            except LakehouseError as error:
                holder = lock.holder(settings)
                if time.monotonic() > end or error.code != Exit.ENVIRONMENT:
                    raise
                who = f"{holder.command} (process {holder.pid})" if holder else "another process"
                reporter.note(state=WAITING, sentence=f"Waiting for {who}, which writes this lake.")
                time.sleep(SECONDS_BETWEEN_TRIES)
        reporter.note(state=RUNNING, sentence="")
        yield
