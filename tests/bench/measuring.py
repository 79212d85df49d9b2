"""What the benchmarks share: the sample, a lake that landed it, and a process measured from start to end."""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[2]
LAKEHOUSE: list[str | Path] = [sys.executable, "-m", "lakehouse.cli"]
YARD_STICK: list[str | Path] = [sys.executable, Path(__file__).with_name("duckdb_lake.py")]
ENGINES = ("sail", "spark")
FILES = ("events.csv", "item_properties_part1.csv", "item_properties_part2.csv", "category_tree.csv")
GIB = 2**30


@dataclass(frozen=True)
class Measured:
    """What a process took: seconds from start to end, the most memory of it and its children, and what it printed."""

    seconds: float
    peak_bytes: int
    output: str

    def __str__(self) -> str:
        """Return time and memory in one line's worth."""
        return f"{self.seconds:6.1f} s {self.peak_bytes / GIB:4.1f} GiB"


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser of what every benchmark asks: scale, number of runs, folder."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--scale", type=float, default=1, help="size of the sample; 1 is the official size")
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured; the median counts")
    cache = Path(tempfile.gettempdir()) / "lakehouse-bench"
    parser.add_argument("--folder", type=Path, default=cache, help=f"keeps samples and lakes; {cache}")
    return parser


def machine() -> str:
    """Say what the figures are of."""
    packages = ("pysail", "pyspark", "duckdb", "deltalake", "pyarrow")
    versions = " · ".join(f"{name} {version(name)}" for name in packages)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory().total / GIB
    return (
        f"{platform.platform()} · {cores} cores · {memory:.0f} GiB\nPython {platform.python_version()} · {versions}\n"
    )


def sample(folder: Path, scale: float) -> list[Path]:
    """Make the sample of a scale unless it is there, and return its files; they appear all together."""
    made = folder / f"scale-{scale:g}" / "sample"
    paths = [made / name for name in FILES]
    if not all(path.is_file() for path in paths):
        subprocess.run([*LAKEHOUSE, "sample", "--scale", str(scale), "--out", made], cwd=PROJECT, check=True)
    return paths


def land(paths: Iterable[Path], lake: Path) -> None:
    """Land files in a fresh lake."""
    shutil.rmtree(lake, ignore_errors=True)
    subprocess.run([*LAKEHOUSE, "land", *paths], env=os.environ | lake_variables(lake), cwd=PROJECT, check=True)


def site_lake(folder: Path, scale: float) -> Path:
    """Land, run, train and score the sample of a scale, unless that was done; return the lake."""
    home = folder / f"scale-{scale:g}"
    lake, done = home / "site-lake", home / "site-lake.done"
    if not done.is_file():
        land(sample(folder, scale), lake)
        steps = ["run", "then", "ml", "train", "promote", "--bootstrap", "score"]
        measure([*LAKEHOUSE, *steps], lake_variables(lake))
        done.touch()
    return lake


def lake_variables(lake: Path, engine: str = "") -> dict[str, str]:
    """Return the variables that name a lake, and an engine if given."""
    return {"LAKEHOUSE_LAKE": str(lake)} | ({"LAKEHOUSE_ENGINE__NAME": engine} if engine else {})


def measure(command: list[str | Path], variables: dict[str, str] | None = None, folder: Path = PROJECT) -> Measured:
    """Run a command in a folder to its end, while watching its memory.

    Raises:
        SystemExit: the command failed; its output is the message.
    """
    peak, started = 0, time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        environment = os.environ | (variables or {})
        process = psutil.Popen(command, env=environment, cwd=folder, stdout=output, stderr=output)
        while process.poll() is None:
            peak = higher(peak, process)
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        output.seek(0)
        text = output.read()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{text}")
    return Measured(seconds, peak, text)


def higher(peak: int, root: psutil.Process) -> int:
    """Return the peak, or the memory of a process and all below it if that is higher.

    Resident memory is cheap to read and counts shared pages more than once: only what it puts 5 % above the peak is
    worth the dear look at each process's share.
    """
    resident: dict[psutil.Process, int] = {}
    with suppress(psutil.Error):  # it ended meanwhile
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.Error):
                resident[process] = process.memory_info().rss
    return peak if sum(resident.values()) <= 1.05 * peak else max(peak, sum(map(own_bytes, resident)))


def own_bytes(process: psutil.Process) -> int:
    """Return a process's memory: of shared pages its share, where the system does not tell that, none."""
    try:
        found = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(found, "pss", found.uss))


@contextmanager
def watched(
    process: psutil.Process, held: Callable[[psutil.Process], int] = own_bytes, seconds: float = 0.5
) -> Iterator[list[int]]:
    """Yield the most memory that a process holds, as it grows, by a look every so many seconds."""
    most, stop = [0], threading.Event()

    def look() -> None:
        while not stop.wait(seconds):
            most[0] = max(most[0], held(process))

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield most
    finally:
        stop.set()
        watch.join()


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def leave(code: int) -> None:
    """End the process at once: threads of Arrow may still run, and abort one that ends in order."""
    sys.stdout.flush()
    os._exit(code)
