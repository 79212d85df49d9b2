"""How long a full load takes, beside DuckDB making the same tables. Run by `make bench`.

Both start as a process of their own over the same landed files, in turn, and are timed from start to end. Afterwards
every table of one lake must equal that of the other, or the seconds mean nothing: exit code 1.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from comparison import compare, newest_run

PROJECT = Path(__file__).resolve().parents[2]
LAKEHOUSE = [sys.executable, "-m", "lakehouse.cli"]
YARD_STICK = Path(__file__).with_name("duckdb_lake.py")
FILES = ["events.csv", "item_properties_part1.csv", "item_properties_part2.csv", "category_tree.csv"]
GIB = 2**30


@dataclass(frozen=True)
class Measured:
    """What a process took: seconds from start to end, the most memory of it and its children, and what it printed."""

    seconds: float
    peak_bytes: int
    output: str


def main() -> int:
    """Measure, print and compare."""
    options = arguments()
    folder = options.folder.absolute() / f"scale-{options.scale:g}"
    ours, theirs = folder / "lakehouse", folder / "duckdb"
    print(machine())
    landed = land(sample(folder / "sample", options.scale), folder / "landed")
    pairs = []
    for number in range(1, options.runs + 1):
        for lake in (ours, theirs):
            shutil.rmtree(lake, ignore_errors=True)
        shutil.copytree(landed, ours / "landing", copy_function=os.link)
        a = measure([*LAKEHOUSE, "run"], {"LAKEHOUSE_LAKE": str(ours)})
        b = measure([sys.executable, YARD_STICK, landed, theirs])
        pairs.append((a, b))
        print(f"{number}/{options.runs}  {pair_line(a, b)}", flush=True)
    print(summary(pairs, ours))
    differences = list(compare(ours, theirs))
    print("\n".join(differences) or "Both lakes hold equal tables.")
    return 1 if differences else 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Time a full load, beside DuckDB making the same tables.")
    parser.add_argument("--scale", type=float, default=1, help="size of the sample; 1 is the official size")
    parser.add_argument("--runs", type=int, default=3, help="how often each side runs")
    cache = Path(tempfile.gettempdir()) / "lakehouse-bench"
    parser.add_argument("--folder", type=Path, default=cache, help=f"keeps the sample and the lakes; {cache}")
    return parser.parse_args()


def machine() -> str:
    """Say what the figures are of."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    packages = ["pyspark", "delta-spark", "duckdb", "deltalake", "pyarrow"]
    versions = " · ".join(f"{name} {version(name)}" for name in packages)
    cores = f"{len(os.sched_getaffinity(0))} cores" if hasattr(os, "sched_getaffinity") else f"{os.cpu_count()} cores"
    return f"{platform.platform()} · {cores} · {memory:.0f} GiB\nPython {platform.python_version()} · {versions}\n"


def sample(folder: Path, scale: float) -> list[Path]:
    """Make the sample unless it is there; its files appear all together."""
    paths = [folder / name for name in FILES]
    if not all(path.is_file() for path in paths):
        subprocess.run([*LAKEHOUSE, "sample", "--scale", str(scale), "--out", folder], cwd=PROJECT, check=True)
    return paths


def land(paths: list[Path], lake: Path) -> Path:
    """Land files in a fresh lake and return its landing folder."""
    shutil.rmtree(lake, ignore_errors=True)
    variables = os.environ | {"LAKEHOUSE_LAKE": str(lake)}
    subprocess.run([*LAKEHOUSE, "land", *paths], env=variables, cwd=PROJECT, check=True)
    return lake / "landing"


def measure(command: list[str | Path], variables: dict[str, str] | None = None) -> Measured:
    """Run a command to its end while watching its memory.

    Raises:
        SystemExit: the command failed; its output is the message.
    """
    started = time.perf_counter()
    peak = 0
    with tempfile.TemporaryFile("w+") as output:
        environment = os.environ | (variables or {})
        process = subprocess.Popen(command, env=environment, cwd=PROJECT, stdout=output, stderr=output)
        while process.poll() is None:
            peak = higher(peak, process.pid)
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        output.seek(0)
        text = output.read()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{text}")
    return Measured(seconds, peak, text)


def higher(peak: int, root: int) -> int:
    """Return the peak, or the memory of a process and all below it if that is higher; 0 where there is no /proc.

    Resident memory is cheap to read and counts shared pages more than once: only what it puts 5 % above the peak is
    worth the dear look at each process's share.
    """
    resident = resident_bytes(root)
    if sum(resident.values()) <= 1.05 * peak:
        return peak
    return max(peak, sum(map(proportional_bytes, resident)))


def resident_bytes(root: int) -> dict[int, int]:
    """Return the resident memory of a process and of each below it, by process id."""
    parents, pages = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        parents[int(path.name)], pages[int(path.name)] = int(after_name[1]), int(after_name[21])
    return {pid: pages[pid] * os.sysconf("SC_PAGE_SIZE") for pid in pages if is_below(pid, root, parents)}


def proportional_bytes(pid: int) -> int:
    """Return a process's memory, of shared pages its share; 0 if it ended meanwhile."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    """Say whether a process is the root or descends from it."""
    while pid != root and pid in parents:
        pid = parents[pid]
    return pid == root


def pair_line(a: Measured, b: Measured) -> str:
    """Return one pair's figures."""
    sides = [
        f"{name} {m.seconds:6.1f} s {m.peak_bytes / GIB:5.1f} GiB" for name, m in (("lakehouse", a), ("DuckDB", b))
    ]
    return "   ".join([*sides, f"ratio {a.seconds / b.seconds:.2f}"])


def summary(pairs: list[tuple[Measured, Measured]], lake: Path) -> str:
    """Return the medians, and what each side says of its tables in the last pair."""
    a, b = (statistics.median(side.seconds for side in sides) for sides in zip(*pairs, strict=True))
    ratio = statistics.median(a.seconds / b.seconds for a, b in pairs)
    results = json.loads(newest_run(lake)["results"])
    tables = [f"{each['table']:<34} {each['seconds']:6.2f} s  {each['rows_out']:>12,} rows" for each in results]
    return "\n".join(
        [
            f"\nMedian   lakehouse {a:.1f} s   DuckDB {b:.1f} s   ratio {ratio:.2f}",
            "\nThe last run of lakehouse (tables are built side by side):",
            *tables,
            "\nThe last run of DuckDB (tables are computed and written side by side):",
            pairs[-1][1].output,
        ]
    )


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads of Arrow may still run, and abort a process that ends in order
