"""jobs.desk — takes jobs, starts workers for them, and notices the ones that died; one thread of the site."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, BinaryIO

from app.data.publication import Published
from app.jobs import files, kinds
from app.jobs.store import ACTIVE, QUEUED, WORKING, Job, Store, new_id
from lakehouse import private, processes
from lakehouse.bounds import size_in_bytes
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import PROJECT, Settings, environment

SECONDS_BETWEEN_LOOKS = 1.0  # while a job goes on
SECONDS_BETWEEN_CLEANING = 600.0
SECONDS_TO_BEGIN = 60.0  # in which a worker that this process did not start must have shown itself
SILENT_SECONDS = 120.0  # after which a worker that lives counts as stuck
SECONDS_TO_DIE = 5.0
DAY_SECONDS = 86_400.0

log = logging.getLogger("app")


class Desk:
    """The jobs of a site."""

    def __init__(self, settings: Settings, lakes: Mapping[str, Published]) -> None:
        """Look at the folder `jobs` of the site's own lake; it comes with the first job.

        Args:
            settings: the site's.
            lakes: the datasets that jobs may be about, by name.
        """
        self.root = settings.lake_path / private.JOBS
        self.store = Store(self.root)
        self.upload_bytes = size_in_bytes(settings.jobs.upload)
        self._settings = settings
        self._lakes = lakes
        self._awake = Event()
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        self._heard: dict[str, tuple[float | None, float]] = {}
        self._cleaned_at = float("-inf")

    def start(self) -> None:
        """Begin to work, in the background."""
        Thread(target=self._work, name="jobs", daemon=True).start()

    def submit(self, kind_name: str, arguments: Mapping[str, Any], lake: str, owner: str, identity: str = "") -> Job:
        """Queue a job.

        Args:
            kind_name: what is to be done.
            arguments: what the kind wants to know.
            lake: the dataset.
            owner: the browser that asks for it.
            identity: of the file that came with it; none came if it is empty.

        Raises:
            LakehouseError: no such kind or dataset, or arguments that cannot be (exit code 2); no place for it (4).
        """
        kind = kinds.find(kind_name)
        if lake not in self._lakes:
            raise LakehouseError(f"The site has no dataset {lake}.", "name another", Exit.USAGE)
        if kind.takes_file != bool(identity):
            message = f"A job {kind.name} {'needs a file' if kind.takes_file else 'takes no file'}."
            raise LakehouseError(message, "see /api/v1/openapi.json", Exit.USAGE)
        known = kind.check(arguments)
        self.make_room()
        identity = identity or new_id()
        job = Job(identity, kind.name, kind.title(known), lake, known, owner, kind.writes_lake, QUEUED, time.time())
        self.store.add(job)
        self._awake.set()
        return job

    @contextmanager
    def receive(self, identity: str) -> Iterator[BinaryIO]:
        """Open the file of a job that is to be queued; nothing is left of one that does not come whole."""
        self.make_room()
        with files.receiving(self.root, identity) as file:
            yield file

    def make_room(self) -> None:
        """Make the folder of the jobs where it is missing.

        Raises:
            LakehouseError: the lake cannot be written (exit code 4).
        """
        try:
            private.make_folder(self._settings, private.JOBS)
        except OSError as error:
            message = f"The lake {self._settings.lake_path} cannot hold jobs: {error.strerror}."
            raise LakehouseError(message, "lakehouse doctor", Exit.ENVIRONMENT) from error

    def cancel(self, job: Job) -> bool:
        """End a job; when this returns nothing of it runs or is left half-made. Say whether it had not ended."""
        is_cancelled = self.store.cancel(job.id)
        if is_cancelled:
            self._kill(self.store.get(job.id) or job)
            files.clear(self.root, job.id)
            self._awake.set()
        return is_cancelled

    def retry(self, job: Job) -> bool:
        """Queue a job that failed or was cancelled again; say whether it was one."""
        is_queued = self.store.retry(job.id)
        self._awake.set()
        return is_queued

    def remove(self, job: Job) -> bool:
        """Remove a job that has ended, with its files; say whether it had."""
        is_removed = self.store.remove(job.id)
        if is_removed:
            files.remove(self.root, job.id)
        return is_removed

    def step(self) -> bool:
        """Notice workers that died, start those for which there is room, clean up; say whether a job goes on."""
        for job in self.store.among(WORKING):
            if problem := self._problem_of(job):
                self._kill(job)
                if self.store.fail(job.id, problem, "try again; the log of the site has its last words: logs/jobs.log"):
                    files.clear(self.root, job.id)
        self._started = {name: process for name, process in self._started.items() if process.poll() is None}
        while job_taken := self.store.take(self._settings.jobs.workers):
            self._start(job_taken)
        if time.monotonic() - self._cleaned_at > SECONDS_BETWEEN_CLEANING:
            self._cleaned_at = time.monotonic()
            jobs = self._settings.jobs
            files.clean(self.root, self.store, jobs.keep_days * DAY_SECONDS, size_in_bytes(jobs.quota))
        return bool(self.store.among(ACTIVE))

    def _work(self) -> None:
        while True:
            is_busy = True
            try:
                is_busy = self.step()
            except Exception:
                log.exception("The table of jobs cannot be used at this moment.")
            self._awake.wait(SECONDS_BETWEEN_LOOKS if is_busy else SECONDS_BETWEEN_CLEANING)
            self._awake.clear()

    def _start(self, job: Job) -> None:
        """Start a worker in a session of its own: it outlives the site, and can be killed with all that it started."""
        shown = self._lakes.get(job.lake)
        if shown is None:
            self.store.fail(job.id, f"The site has no dataset {job.lake} any more.", "remove this job")
            return
        lake = shown.settings
        chosen = {
            "LAKEHOUSE_LAKE": str(lake.lake_path),
            "LAKEHOUSE_STORAGE__URI": lake.storage.uri,
            "LAKEHOUSE_LAKE__BORROWS": lake.lake.borrows,
        }
        command = [sys.executable, "-m", "lakehouse.cli", "work", str(self.root), job.id]
        files.clear(self.root, job.id)  # of a former try whose worker was killed
        with private.open_log(self._settings, "jobs.log") as said:
            self._started[job.id] = subprocess.Popen(
                command,
                env=environment() | {"PYTHONPATH": str(PROJECT)} | chosen,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def _problem_of(self, job: Job) -> str:
        """Say in a sentence why nothing will come of a job that goes on by the table; empty if it does go on."""
        process, now = self._started.get(job.id), time.monotonic()
        if self._heard.get(job.id, (None, 0.0))[0] != job.heartbeat:
            self._heard[job.id] = job.heartbeat, now
        silent = now - self._heard[job.id][1]
        ended = "Its worker ended in the middle: it was killed, or the machine ran out of memory or was switched off."
        if job.pid is None:
            is_gone = process.poll() is not None if process else silent > SECONDS_TO_BEGIN
            return ended if is_gone else ""
        if not (processes.is_running(job.pid) and processes.is_same(job.pid, job.pid_started)):
            return ended
        return f"Its worker was not heard of for {SILENT_SECONDS:.0f} seconds." if silent > SILENT_SECONDS else ""

    def _kill(self, job: Job) -> None:
        """End a worker with everything that it started, and wait until it is gone."""
        if job.pid is None or not processes.is_same(job.pid, job.pid_started):
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(job.pid, signal.SIGKILL)
        end = time.monotonic() + SECONDS_TO_DIE
        while processes.is_running(job.pid) and processes.is_same(job.pid, job.pid_started):
            if time.monotonic() > end:
                return
            time.sleep(0.02)
