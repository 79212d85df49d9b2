"""How long it takes from the rename of a day's file into a watched folder until a browser shows its run.

    python -m tests.bench.watch_to_site

A lake is loaded with 126 days. `lakehouse watch`, `lakehouse app` and a Chromium on the site's first page stay, while
ten days follow one by one. A day is shown when the page names the run that published it.
"""

import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from lakehouse.environment import browser

from .days import split, wait_until_ready, watching
from .measuring import (
    ENGINES,
    LAKEHOUSE,
    PROJECT,
    arguments,
    lake_variables,
    land,
    leave,
    machine,
    measure,
    median,
    sample,
)

LOADED_DAYS, FOLLOWING = 126, 10
SHOWN = "run => document.documentElement.outerHTML.includes(run)"


def main() -> int:
    """Measure and print."""
    parser = arguments("Time the way of a day from a watched folder to the site.")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    options = parser.parse_args()
    print(machine())
    folder = options.folder.absolute()
    files, home = sample(folder, options.scale), folder / f"watched-{options.scale:g}"
    base, days, rows = split(files[0], home, LOADED_DAYS, FOLLOWING)
    print(f"Days of {min(rows):,} to {max(rows):,} rows, seconds from rename to site (to the publication):")
    found = []
    for _ in range(options.runs):
        shutil.rmtree(home / "lake", ignore_errors=True)
        land([base, *files[1:]], home / "lake")
        measure([*LAKEHOUSE, "run"], lake_variables(home / "lake", options.engine))
        pairs = list(follow(home, days, options.engine))
        found.append(percentile([shown for shown, _ in pairs]))
        print(
            ", ".join(f"{shown:.1f} ({published:.1f})" for shown, published in pairs) + f"; p95 {found[-1]:.1f}",
            flush=True,
        )
    print(f"\np95 of ten, median of {options.runs}: {median(found):.1f} s")
    return 0


def follow(home: Path, days: list[Path], engine: str) -> Iterator[tuple[float, float]]:
    """Let days follow; yield for each the seconds until the site shows it, and until it is published."""
    variables = lake_variables(home / "lake", engine)
    with watching(home, variables) as watch, site(variables) as page:
        wait_until_ready(watch)
        for day in days:
            started = time.perf_counter()
            watch.drop(day)
            run = watch.published()["run_id"]
            published = time.perf_counter() - started
            page.wait_for_function(SHOWN, arg=run, polling=50, timeout=120_000)
            yield time.perf_counter() - started, published


@contextmanager
def site(variables: dict[str, str]) -> Iterator[Page]:
    """Serve the site on a free port, and keep a browser on its first page."""
    path = browser.find(os.environ)
    if path is None:
        raise SystemExit("There is no Chromium: lakehouse setup --tests")
    environment = os.environ | variables | {"LAKEHOUSE_APP__PORT": "0"}
    process = subprocess.Popen([*LAKEHOUSE, "app"], env=environment, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = re.search(r"http://[\w.]+:\d+/", process.stdout.readline())
        if address is None:
            raise SystemExit("The site did not start.")
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=path, args=["--headless=new", "--no-sandbox"])
            page = chromium.new_page()
            page.goto(address[0])
            page.wait_for_load_state("networkidle")
            yield page
            chromium.close()
    finally:
        process.terminate()
        process.wait(30)


def percentile(seconds: list[float]) -> float:
    """Return the 95th percentile, interpolated."""
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    leave(main())
