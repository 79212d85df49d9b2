"""What the benchmarks of single days share: a sample cut into many days and those that follow, and a watched folder."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from .measuring import LAKEHOUSE, PROJECT

LINES = "read_csv('{}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', header = false, skip = 1)"
READY = "Watching"  # begins what `lakehouse watch` says once its engine has started


def split(
    events: Path, home: Path, loaded: int, following: int, rows: list[int] | None = None
) -> tuple[Path, list[Path], list[int]]:
    """Write the first days of a sample into one file and each following day into its own.

    Args:
        events: the sample's events.
        home: the folder to write to.
        loaded: how many days the first file holds, and all lines without a plain day.
        following: how many days get a file of their own.
        rows: the most rows of each of them, by whole visitors; all if not given.

    Returns:
        The first file, the others, and how many rows those have.
    """
    home.mkdir(parents=True, exist_ok=True)
    with events.open() as file:
        header = file.readline().strip()
    field = header.split(",").index("timestamp") + 1, header.split(",").index("visitorid") + 1
    con = duckdb.connect()
    con.execute(f"""
        CREATE TABLE lines AS SELECT line, TRY_CAST(split_part(line, ',', {field[0]}) AS BIGINT) // 86400000 AS day,
            split_part(line, ',', {field[1]}) AS visitor FROM {LINES.format(events)}""")
    days = [day for (day,) in con.sql("SELECT day FROM lines GROUP BY day HAVING count(*) > 9 ORDER BY day").fetchall()]
    days = [day for day in days if day is not None]
    chosen = days[loaded : loaded + following]

    def write(name: str, where: str) -> Path:
        path = home / name
        query = f'SELECT line AS "{header}" FROM lines WHERE {where}'
        con.execute(f"COPY ({query}) TO '{path}' (HEADER true, QUOTE '', ESCAPE '', DELIM '\x01')")
        return path

    base = write("base.csv", f"day < {chosen[0]} OR day IS NULL OR day > {days[-1]}")
    paths, counts = [], []
    for number, day in enumerate(chosen):
        most = rows[number] if rows else 1 << 40
        visitors = f"""SELECT visitor FROM (SELECT visitor, sum(count(*)) OVER (ORDER BY visitor) AS so_far FROM lines
            WHERE day = {day} GROUP BY visitor) WHERE so_far <= {most}"""
        where = f"day = {day} AND visitor IN ({visitors})"
        paths.append(write(f"day-{number}.csv", where))
        counts.append(con.sql(f"SELECT count(*) FROM lines WHERE {where}").fetchall()[0][0])
    return base, paths, counts


@dataclass(frozen=True)
class Watch:
    """A running `lakehouse watch`: its process, the folder that it watches, and what it says besides its runs."""

    process: "subprocess.Popen[str]"
    folder: Path
    log: Path

    def is_ready(self) -> bool:
        """Say whether its engine has started."""
        return READY in self.log.read_text()

    def drop(self, file: Path) -> None:
        """Let a file appear in the folder at once, by a rename."""
        hidden = self.folder / f".{file.name}"
        shutil.copyfile(file, hidden)
        hidden.rename(self.folder / file.name)

    def published(self) -> dict[str, Any]:
        """Wait for the next run, and return what it says of itself.

        Raises:
            SystemExit: it published nothing.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line or json.loads(line).get("status") != "published":
            sys.exit(f"Nothing was published: {line or self.log.read_text()}")
        return dict(json.loads(line))


@contextmanager
def watching(home: Path, variables: dict[str, str]) -> Iterator[Watch]:
    """Keep `lakehouse watch` running on a new folder; end it by the signal that a service manager sends."""
    folder, log = home / "drop", home / "watch.log"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with log.open("w") as said:
        process = subprocess.Popen(
            [*LAKEHOUSE, "watch", str(folder), "--json"],
            env=os.environ | variables,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        try:
            yield Watch(process, folder, log)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def wait_until_ready(watch: Watch) -> None:
    """Wait until the engine of a watch has started.

    Raises:
        SystemExit: it ended before.
    """
    while not watch.is_ready():
        if watch.process.poll() is not None:
            sys.exit(watch.log.read_text())
        time.sleep(0.1)
