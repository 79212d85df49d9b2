"""How long a day takes that comes after 136 others, beside loading those. No maintenance in between.

    python -m tests.bench.increments

On each engine a lake is loaded with 136 days; then `lakehouse watch` takes up one more, as a process just started, and
another one in the session that stays; then a run finds nothing to do. The first engine does the same with days of as
many rows in a larger lake. What each lake holds afterwards must equal what DuckDB makes of all its files.
"""

import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deltalake import DeltaTable

from .comparison import compare
from .days import split, watching
from .full_load import results
from .measuring import (
    ENGINES,
    LAKEHOUSE,
    YARD_STICK,
    arguments,
    lake_variables,
    land,
    leave,
    machine,
    measure,
    median,
    sample,
)

LOADED_DAYS = 136


@dataclass(frozen=True)
class Figures:
    """Seconds: the first days at once, the next one by a fresh process, one in the session that stays, a run in vain."""

    load: float
    fresh: float
    staying: float
    in_vain: float

    def __str__(self) -> str:
        """Return them in one line."""
        return (
            f"load {self.load:6.1f} s   next day, fresh {self.fresh:5.1f} s, {self.fresh / self.load:.3f} of it   "
            f"day after, staying {self.staying:5.1f} s, {self.staying / self.load:.3f}   in vain {self.in_vain:.1f} s"
        )


def main() -> int:
    """Measure, print and compare."""
    parser = arguments("Time single days after many.")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--larger", type=float, default=4, help="a scale to compare with; 0 leaves it out")
    options = parser.parse_args()
    folder, first = options.folder.absolute(), options.engines[0]
    print(machine())
    home = folder / f"days-{options.scale:g}"
    base, days, rows = split(sample(folder, options.scale)[0], home, LOADED_DAYS, 2)
    rest = sample(folder, options.scale)[1:]
    found: dict[tuple[str, float], list[Figures]] = {}
    for _ in range(options.runs):
        for engine in options.engines:
            figures = scenario(home / engine, [base, *rest], days, engine)
            found.setdefault((engine, options.scale), []).append(figures)
            print(f"scale {options.scale:g}, {engine:<5}   {figures}", flush=True)
    differences = [f"{engine}: {each}" for engine in options.engines for each in compare_by_duckdb(home / engine)]
    print("\n".join(differences) or "The lakes equal what DuckDB makes of all their files.", flush=True)
    if options.larger:
        home = folder / f"days-{options.larger:g}"
        base, days, _ = split(sample(folder, options.larger)[0], home, LOADED_DAYS, 2, rows)
        rest = sample(folder, options.larger)[1:]
        for _ in range(options.runs):
            figures = scenario(home / first, [base, *rest], days, first)
            found.setdefault((first, options.larger), []).append(figures)
            print(f"scale {options.larger:g}, {first:<5}   {figures}", flush=True)
    print(f"\nMedians; days of {rows[0]:,} and {rows[1]:,} rows")
    for (engine, scale), each in found.items():
        print(f"scale {scale:g}, {engine:<5}   {medians(each)}")
        print(f"  ratios: next day {ratio(each, 'fresh'):.3f} of the load, day after {ratio(each, 'staying'):.3f}")
    if options.larger:
        large, small = (medians(found[first, scale]) for scale in (options.larger, options.scale))
        print(
            f"  the same rows at scale {options.larger:g} ÷ at scale {options.scale:g}, {first}: "
            f"next day {large.fresh / small.fresh:.2f}, day after {large.staying / small.staying:.2f}"
        )
    return 1 if differences else 0


def scenario(home: Path, landed: list[Path], days: list[Path], engine: str) -> Figures:
    """Load days, and let two others follow one by one."""
    lake, variables = home / "lake", lake_variables(home / "lake", engine)
    land(landed, lake)
    load = measure([*LAKEHOUSE, "run"], variables)
    started = time.perf_counter()
    with watching(home, variables) as watch:
        watch.drop(days[0])
        run = watch.published()
        fresh = time.perf_counter() - started
        explain(lake, fresh, run["seconds"])
        started = time.perf_counter()
        watch.drop(days[1])
        run = watch.published()
        staying = time.perf_counter() - started
        explain(lake, staying, run["seconds"])
    runs = len(DeltaTable(lake / "ledger").to_pyarrow_table())
    in_vain = measure([*LAKEHOUSE, "run"], variables)
    if len(DeltaTable(lake / "ledger").to_pyarrow_table()) != runs:
        sys.exit("A run without input was recorded.")
    return Figures(load.seconds, fresh, staying, in_vain.seconds)


def explain(lake: Path, seconds: float, run: float) -> None:
    """Print how long a day took, its run alone, and the tables that took longest."""
    slowest = sorted(results(lake), key=lambda each: -float(str(each["seconds"])))[:4]
    tables = ", ".join(f"{each['table']} {each['seconds']:.1f}" for each in slowest)
    print(f"  a day in {seconds:.1f} s, its run in {run:.1f} s  (longest, side by side: {tables})", flush=True)


def compare_by_duckdb(home: Path) -> list[str]:
    """Let DuckDB make the tables of a lake anew, and return how they differ."""
    theirs = home / "DuckDB"
    shutil.rmtree(theirs, ignore_errors=True)
    measure([*YARD_STICK, home / "lake" / "landing", theirs])
    return list(compare(home / "lake", theirs))


def medians(figures: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(*(median(getattr(each, name) for each in figures) for name in Figures.__annotations__))


def ratio(figures: list[Figures], name: str) -> float:
    """Return the median of a figure's share of the load in the same lake."""
    return median(getattr(each, name) / each.load for each in figures)


if __name__ == "__main__":
    leave(main())
