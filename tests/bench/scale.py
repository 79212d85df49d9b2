"""How far one machine reaches: rows, seconds and memory of a full load on each engine, scale by scale.

    python -m tests.bench.scale --scales 1 4 10
    python -m tests.bench.scale --scales 10 --memory 4g      # both engines held to as much

Each load is a process of its own over the same landed files, into an empty folder. One that ends with an error is told by
the last lines that it printed, and the next begins.
"""

import os
from pathlib import Path

from lakehouse.lake import open_lake
from lakehouse.settings import load

from .full_load import home_of, landed_lake
from .measuring import ENGINES, GIB, LAKEHOUSE, arguments, lake_variables, land, leave, machine, measure, sample

EVENTS = "silver.events"


def main() -> int:
    """Measure and print."""
    parser = arguments("Time full loads on each engine at several scales.")
    parser.add_argument("--scales", nargs="+", type=float, default=[1, 4, 10])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--memory", default="", help="of the embedded engine's pool and of Spark's JVM, e.g. 4g")
    options = parser.parse_args()
    print(machine())
    for scale in options.scales:
        home = home_of(options.folder.absolute(), scale)
        land(sample(options.folder.absolute(), scale), home / "landed")
        for engine in options.engines:
            print(f"scale {scale:<5g} {engine:<6}{told(home, engine, options.memory)}", flush=True)
    return 0


def told(home: Path, engine: str, memory: str) -> str:
    """Load on an engine; return rows, seconds and memory, or how it ended."""
    lake = landed_lake(home, engine)
    held = {"LAKEHOUSE_ENGINE__MEMORY": memory, "LAKEHOUSE_SPARK__DRIVER_MEMORY": memory} if memory else {}
    try:
        found = measure([*LAKEHOUSE, "run"], lake_variables(lake, engine) | held)
    except SystemExit as failure:
        return "\n".join(["", *str(failure.code).splitlines()[-3:]])
    rows = open_lake(load(os.environ | lake_variables(lake))).store.rows(EVENTS)
    return f"{rows:>12,} events  {found.seconds:7.1f} s  {found.peak_bytes / GIB:4.1f} GiB"


if __name__ == "__main__":
    leave(main())
