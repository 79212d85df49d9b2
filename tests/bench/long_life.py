"""How long a run in vain takes in a lake that has lived long: `python -m tests.bench.long_life --runs 10000`.

The lake gets as many receipts as runs: small files, taken up by one run. The runs are rows like that run's, of which
the last hundred are recorded one by one, as runs do.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from bronze import landing
from lakehouse import settings
from lakehouse.lake import Lake, open_lake
from lakehouse.landing import receipt_index
from lakehouse.runs import runner
from lakehouse.storage import small_tables
from lakehouse.storage.ledger import LEDGER, new_run_id
from lakehouse.storage.ledger_rows import SCHEMA, advance, row_of

HEADER = "timestamp,visitorid,event,itemid,transactionid\n"
AT_ONCE = 500
RECORDED = 100
LIMIT = 3.0  # seconds


def main() -> None:
    """Build the lake, and time commands on it, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    runs, is_slow = parser.parse_args().runs, False
    with TemporaryDirectory() as folder:
        loaded = settings.load()
        lake = open_lake(replace(loaded, lake=replace(loaded.lake, path=f"{folder}/lake")))
        _timed(f"{runs:,} files landed", lambda: _land(lake, Path(folder), runs))
        _timed("taken up by one run", lambda: runner.run(lake, lambda line: None))
        _timed(f"{runs:,} runs recorded", lambda: _record(lake, runs))
        files = sum(path.stat().st_size for path in Path(lake.store.uri(LEDGER)).rglob("*") if path.is_file())
        print(f"the ledger: {files / 1e6:.1f} MB")
        for command in (["run"], ["plan"], ["runs", "ls"]):
            elapsed, busy = min(_seconds(lake, command) for _ in range(3))
            print(f"lakehouse {' '.join(command)}: {elapsed:.2f} s, {busy:.2f} s of a processor", flush=True)
            is_slow |= command == ["run"] and busy > LIMIT
    if is_slow:
        sys.exit(f"a run in vain takes more than {LIMIT} s")


def _land(lake: Lake, folder: Path, count: int) -> None:
    """Land files, all but the first and the last without waiting for the disk."""
    first, _ = landing.accept(lake.landing, _file(folder, 0))
    entries = []
    for number in range(1, count - 1):
        path = _file(folder, number)
        sha256, status = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat()
        receipt = replace(first, number=number + 1, sha256=sha256, size=status.st_size, written_ns=status.st_mtime_ns)
        path.rename(lake.landing.file(receipt))
        (lake.landing.folder / "receipts" / f"{number + 1:08d}.json").write_text(json.dumps(asdict(receipt)))
        entries.append(receipt.entry)
    receipt_index.add(lake.landing.folder, entries)
    landing.accept(lake.landing, _file(folder, count - 1))


def _file(folder: Path, number: int) -> Path:
    path = folder / "events.csv"
    path.write_text(f"{HEADER}{1_433_152_800_000 + number * 60_000},{number % 997},view,{number % 101},\n")
    return path


def _record(lake: Lake, count: int) -> None:
    ledger, done = lake.ledger, lake.ledger.runs()[-1]
    state, rows = ledger.state(), []
    for number in range(done.number + 1, count - RECORDED):
        run = replace(done, number=number, run_id=new_run_id())
        state = advance(state, run, done)
        rows.append(row_of(run, state))

    for start in range(0, len(rows), AT_ONCE):
        small_tables.append(lake.store, LEDGER, pa.Table.from_pylist(rows[start : start + AT_ONCE], SCHEMA))
    for _ in range(RECORDED):
        ledger.record(replace(done, run_id=new_run_id()))


def _seconds(lake: Lake, command: list[str]) -> tuple[float, float]:
    """Return how long a command takes, and how long it keeps a processor busy, which others on the machine change less."""
    variables = os.environ | {"LAKEHOUSE_LAKE": str(lake.settings.lake_path)}
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "lakehouse.cli", *command], env=variables, check=True, stdout=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, busy


def _timed(what: str, act) -> None:
    started = time.monotonic()
    act()
    print(f"{what}: {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
