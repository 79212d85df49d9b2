"""How long a day takes that comes after 136 others, beside loading all of them. Run by `make bench`.

A lake is loaded with 136 days and optimized. Then `lakehouse watch` takes up one more day, as a process just started,
and another one in the session that stays. What the lake holds afterwards must equal what DuckDB makes of all files.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from comparison import compare, newest_run
from deltalake import DeltaTable
from full_load import LAKEHOUSE, PROJECT, YARD_STICK, land, machine, measure, sample

LOADED_DAYS = 136
EVENTS = "read_csv('{}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', header = false, skip = 1)"


@dataclass(frozen=True)
class Figures:
    """Seconds: the first days loaded at once, a day in a fresh process, days in a session that stays, a run in vain."""

    scale: float
    load: float
    fresh: float
    staying: list[float]
    in_vain: float
    day_rows: list[int]


def main() -> int:
    """Measure, print and compare."""
    options = arguments()
    print(machine())
    one = scenario(options.folder.absolute(), options.scale, LOADED_DAYS, 2)
    print(report(one), flush=True)
    lake = options.folder.absolute() / f"days-{options.scale:g}-{LOADED_DAYS}" / "lake"
    theirs = lake.with_name("duckdb")
    shutil.rmtree(theirs, ignore_errors=True)
    rebuilt = measure([sys.executable, YARD_STICK, lake / "landing", theirs])
    print(f"DuckDB and deltalake, everything anew:              {rebuilt.seconds:6.1f} s", flush=True)
    differences = list(compare(lake, theirs))
    print("\n".join(differences) or "The lake equals what DuckDB makes of all its files.", flush=True)
    if options.ten_days:
        ten = scenario(options.folder.absolute(), options.scale, LOADED_DAYS - 10, 10)
        print("Ten days in a row: " + ", ".join(f"{each:.1f}" for each in [ten.fresh, *ten.staying]) + " s", flush=True)
    if options.larger:
        larger = scenario(options.folder.absolute(), options.larger, LOADED_DAYS, 2, one.day_rows)
        print(report(larger))
        for name, a, b in (("fresh", larger.fresh, one.fresh), ("staying", larger.staying[0], one.staying[0])):
            print(f"The same rows at scale {larger.scale:g} against {one.scale:g}, {name}: {a / b:.2f} times as long")
    return 1 if differences else 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Time single days after many.")
    parser.add_argument("--scale", type=float, default=1, help="size of the sample; 1 is the official size")
    parser.add_argument("--larger", type=float, default=4, help="the scale to compare with; 0 leaves it out")
    parser.add_argument("--ten-days", action=argparse.BooleanOptionalAction, default=True)
    cache = Path(tempfile.gettempdir()) / "lakehouse-bench"
    parser.add_argument("--folder", type=Path, default=cache, help=f"keeps samples and lakes; {cache}")
    return parser.parse_args()


def scenario(folder: Path, scale: float, loaded: int, following: int, rows: list[int] | None = None) -> Figures:
    """Load days, optimize, and let the days after them follow one by one."""
    files = sample(folder / f"scale-{scale:g}" / "sample", scale)
    home = folder / f"days-{scale:g}-{loaded}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    base, days, counts = split(files[0], home, loaded, following, rows)
    lake = land([base, *files[1:]], home / "lake").parent
    variables = {"LAKEHOUSE_LAKE": str(lake)}
    load = measure([*LAKEHOUSE, "run"], variables)
    optimize = measure([*LAKEHOUSE, "maintain", "optimize"], variables)
    print(f"scale {scale:g}: {loaded} days loaded in {load.seconds:.1f} s, optimized in {optimize.seconds:.1f} s")
    drop = home / "drop"
    drop.mkdir()
    with watching(drop, variables) as watch:
        taken = [take(watch, drop, day, lake) for day in days]
    runs = len(DeltaTable(lake / "ledger").to_pyarrow_table())
    in_vain = measure([*LAKEHOUSE, "run"], variables)
    if len(DeltaTable(lake / "ledger").to_pyarrow_table()) != runs:
        sys.exit("A run without input was recorded.")
    return Figures(scale, load.seconds, taken[0], taken[1:], in_vain.seconds, counts)


def split(
    events: Path, home: Path, loaded: int, following: int, rows: list[int] | None
) -> tuple[Path, list[Path], list[int]]:
    """Write the first days into one file and each following day into its own, cut to a number of rows if given."""
    with events.open() as file:
        header = file.readline().strip()
    field = header.split(",").index("timestamp") + 1, header.split(",").index("visitorid") + 1
    con = duckdb.connect()
    con.execute(f"""
        CREATE TABLE lines AS SELECT line, TRY_CAST(split_part(line, ',', {field[0]}) AS BIGINT) // 86400000 AS day,
            split_part(line, ',', {field[1]}) AS visitor FROM {EVENTS.format(events)}""")
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


@dataclass
class Watch:
    """A running `lakehouse watch`, and when it was started; None once a day was taken up."""

    process: "subprocess.Popen[str]"
    started: float | None


@contextmanager
def watching(drop: Path, variables: dict[str, str]) -> Iterator[Watch]:
    """Keep `lakehouse watch` running; end it by the signal that a service manager sends."""
    command = [*LAKEHOUSE, "watch", str(drop), "--json"]
    with tempfile.TemporaryFile("w+") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=os.environ | variables, cwd=PROJECT, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            yield Watch(process, started)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def take(watch: Watch, drop: Path, day: Path, lake: Path) -> float:
    """Drop a day's file and return the seconds until its run is published: for the first, since the process's start."""
    started, watch.started = watch.started or time.perf_counter(), None
    partial = drop / f".{day.name}"
    shutil.copyfile(day, partial)
    partial.rename(drop / day.name)
    assert watch.process.stdout is not None
    line = watch.process.stdout.readline()
    seconds = time.perf_counter() - started
    if not line or json.loads(line).get("status") != "published":
        sys.exit(f"{day.name} was not published: {line}")
    tables = json.loads(newest_run(lake)["results"])
    slowest = sorted(tables, key=lambda each: -each["seconds"])[:4]
    told = ", ".join(f"{each['table']} {each['seconds']:.1f}" for each in slowest)
    print(f"  {day.name}: {seconds:5.1f} s  (longest, side by side: {told})", flush=True)
    return seconds


def report(figures: Figures) -> str:
    """Return a scenario's figures beside its full load."""
    rows = " and ".join(f"{count:,}" for count in figures.day_rows[:2])
    return "\n".join(
        [
            f"\nScale {figures.scale:g}: days of {rows} rows after a full load of {figures.load:.1f} s",
            f"a day, the process just started:  {figures.fresh:6.1f} s   {figures.fresh / figures.load:.2f} of the load",
            f"a day, in the session that stays: {figures.staying[0]:6.1f} s   {figures.staying[0] / figures.load:.2f}",
            f"a run that finds nothing to do:   {figures.in_vain:6.1f} s",
        ]
    )


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads of Arrow may still run, and abort a process that ends in order
