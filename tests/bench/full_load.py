"""How long a full load takes on each engine, beside DuckDB and delta-rs making the same tables.

    python -m tests.bench.full_load

All start as processes of their own over the same landed files, in turn, and are timed from start to end. Afterwards
every table of each lake must equal DuckDB's, or the seconds mean nothing: exit code 1. Then a larger sample is loaded
on the first engine.
"""

import json
import os
import shutil
from pathlib import Path

from .comparison import compare, newest_run
from .measuring import (
    ENGINES,
    GIB,
    LAKEHOUSE,
    YARD_STICK,
    Measured,
    arguments,
    lake_variables,
    land,
    leave,
    machine,
    measure,
    median,
    sample,
)

YARD = "DuckDB"


def main() -> int:
    """Measure, print and compare."""
    parser = arguments("Time a full load, beside DuckDB and delta-rs making the same tables.")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--larger", type=float, default=4, help="a scale to load on the first engine; 0 leaves it out")
    options = parser.parse_args()
    folder = options.folder.absolute()
    print(machine())
    rounds = load(folder, options.scale, options.engines, options.runs, with_yard_stick=True)
    home = home_of(folder, options.scale)
    print(summary(rounds, home))
    lakes = [home / engine for engine in options.engines]
    differences = [f"{lake.name}: {each}" for lake in lakes for each in compare(lake, home / YARD)]
    print("\n".join(differences) or f"{' and '.join(options.engines)} and {YARD} hold equal tables.", flush=True)
    if options.larger:
        engine = options.engines[0]
        larger = load(folder, options.larger, [engine], options.runs, with_yard_stick=False)
        seconds = [median(each[engine].seconds for each in some) for some in (larger, rounds)]
        peak = max(each[engine].peak_bytes for each in larger) / GIB
        ratio = f"scale {options.larger:g} ÷ scale {options.scale:g} on {engine}: {seconds[0] / seconds[1]:.2f}"
        print(f"\n{ratio}  ({seconds[0]:.1f} and {seconds[1]:.1f} s), at most {peak:.1f} GiB")
    return 1 if differences else 0


def home_of(folder: Path, scale: float) -> Path:
    """Return where the lakes of a scale lie."""
    return folder / f"scale-{scale:g}"


def landed_lake(home: Path, engine: str) -> Path:
    """Return an engine's lake anew: it holds what landed in the home's lake `landed`, and nothing else."""
    lake = home / engine
    shutil.rmtree(lake, ignore_errors=True)
    shutil.copytree(home / "landed" / "landing", lake / "landing", copy_function=os.link)
    return lake


def load(
    folder: Path, scale: float, engines: list[str], runs: int, *, with_yard_stick: bool
) -> list[dict[str, Measured]]:
    """Load a sample on each engine in turn, several times, each into an empty folder; return a dict for each round."""
    home = home_of(folder, scale)
    land(sample(folder, scale), home / "landed")
    landing, rounds = home / "landed" / "landing", []
    for number in range(1, runs + 1):
        found = {}
        for engine in engines:
            found[engine] = measure([*LAKEHOUSE, "run"], lake_variables(landed_lake(home, engine), engine))
        if with_yard_stick:
            shutil.rmtree(home / YARD, ignore_errors=True)
            found[YARD] = measure([*YARD_STICK, landing, home / YARD])
        rounds.append(found)
        print(
            f"scale {scale:g}, {number}/{runs}   " + "   ".join(f"{n} {each}" for n, each in found.items()), flush=True
        )
    return rounds


def summary(rounds: list[dict[str, Measured]], home: Path) -> str:
    """Return the medians and ratios, and what each side says of its tables in the last round."""
    lines = []
    for name in rounds[0]:
        seconds, peak = median(each[name].seconds for each in rounds), max(each[name].peak_bytes for each in rounds)
        ratio = median(each[name].seconds / each[YARD].seconds for each in rounds)
        lines.append(f"{name:<8} median {seconds:6.1f} s   ÷ {YARD} {ratio:5.2f}   at most {peak / GIB:.1f} GiB")
    for name in rounds[0]:
        lines.append(f"\nThe last load by {name} (tables are made side by side):")
        lines += [rounds[-1][YARD].output] if name == YARD else map(table_line, results(home / name))
    return "\n".join(["", *lines])


def results(lake: Path) -> list[dict[str, object]]:
    """Return what a lake's newest run did to each table."""
    return list(json.loads(newest_run(lake)["results"]))


def table_line(result: dict[str, object]) -> str:
    """Return what a run did to a table in one line."""
    return f"{result['table']:<34} {result['seconds']:6.2f} s  {result['rows_out']:>12,} rows"


if __name__ == "__main__":
    leave(main())
