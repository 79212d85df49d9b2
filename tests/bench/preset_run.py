"""How long `make run` takes after set-up, beside that of another checkout, such as an earlier release.

    python -m tests.bench.preset_run --against ../release

Both are set up first, which is not timed. Then each builds an empty lake, in turn, and runs again in vain.
"""

import argparse
import os
import tempfile
from pathlib import Path

from .measuring import PROJECT, lake_variables, leave, machine, measure, median

MAKE_RUN: list[str | Path] = ["make", "run"]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time `make run` after set-up.")
    parser.add_argument("--against", type=Path, help="another checkout of the project")
    parser.add_argument("--runs", type=int, default=3, help="how often each runs; the median counts")
    options = parser.parse_args()
    checkouts = [PROJECT, *([options.against.absolute()] if options.against else [])]
    print(machine())
    os.environ.pop("PYTHONPATH", None)  # each checkout runs its own code
    for checkout in checkouts:
        measure(["make", "setup"], folder=checkout)
    found: dict[Path, list[float]] = {checkout: [] for checkout in checkouts}
    for _ in range(options.runs):
        for checkout in checkouts:
            with tempfile.TemporaryDirectory() as folder:
                lake = Path(folder, "lake")
                first, again = (
                    measure(MAKE_RUN, lake_variables(lake), checkout),
                    measure(MAKE_RUN, lake_variables(lake), checkout),
                )
            found[checkout].append(first.seconds)
            print(f"{checkout}: make run {first}; again, in vain {again}", flush=True)
    for checkout, seconds in found.items():
        print(f"Median of {checkout}: {median(seconds):.1f} s")
    if options.against:
        print(f"make run ÷ the other's: {median(a / b for a, b in zip(*found.values(), strict=True)):.2f}")
    return 0


if __name__ == "__main__":
    leave(main())
