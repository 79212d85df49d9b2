"""How long a run works on after Ctrl-C, on each engine, at moments all over it.

    python -m tests.bench.interruption

The signal reaches the whole process group, as a terminal sends it, a random while after one of the run's lines. What the
run must leave behind is held by `tests/lakehouse/runs/test_engine_faults.py`. Ends with exit code 1 if a run works on for more
than five seconds.
"""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from .full_load import home_of, landed_lake
from .measuring import ENGINES, LAKEHOUSE, PROJECT, arguments, lake_variables, land, leave, machine, median, sample

LINES = (3, 4, 6, 10, 20)  # of the run: after the third all that landed is in bronze
MOST_DELAY = 3.0
INTERRUPTED = 130
LIMIT = 5.0  # seconds


def main() -> int:
    """Measure and print."""
    parser = arguments("Time how a run ends after Ctrl-C.")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    options = parser.parse_args()
    print(machine())
    home = home_of(options.folder.absolute(), options.scale)
    land(sample(options.folder.absolute(), options.scale), home / "landed")
    chance = random.Random(7)
    moments = [(line, MOST_DELAY * chance.random()) for _ in range(options.runs) for line in LINES]
    last = 0.0
    for engine in options.engines:
        found = [interrupted(home, engine, line, delay) for line, delay in moments]
        print(f"{engine:<6}{len(found)} runs ended {median(found):.1f} s after Ctrl-C, the last {max(found):.1f} s")
        last = max(last, *found)
    return int(last > LIMIT)


def interrupted(home: Path, engine: str, line: int, delay: float) -> float:
    """Interrupt a load so many seconds after a line; return the seconds until the process has ended."""
    lake = landed_lake(home, engine)
    process = subprocess.Popen(
        [*LAKEHOUSE, "run"],
        env=os.environ | lake_variables(lake, engine),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for _ in range(line + 1):  # the first says how many tables there are
        process.stdout.readline()
    time.sleep(delay)
    started = time.perf_counter()
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode != INTERRUPTED:
        raise SystemExit(f"After line {line} and {delay:.1f} s the run ended with {process.returncode}:\n{output}")
    print(f"{engine:<6}line {line:>2} + {delay:.1f} s: {seconds:.1f} s", flush=True)
    return seconds


if __name__ == "__main__":
    leave(main())
