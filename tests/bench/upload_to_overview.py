"""How long it takes from the end of an upload until its Overview is drawn, and what memory the upload takes.

    python -m tests.bench.upload_to_overview --lake DIR [--megabytes 100] [--upload-only]

A site is started over the lake, which is the preset. A file of events, lines of the sample of the official size until it
is large enough, is sent as the Data page sends it, and built; when it is, a browser that is open already draws its Overview.
The site's memory is looked at every tenth of a second while the file is sent, after what its own start takes. It ends with exit code 1 if a
hundred megabytes take longer than 30 s, or the memory grows by more than 100 MB.
"""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

import psutil
import requests
from playwright.sync_api import sync_playwright

from lakehouse.environment import browser

from ..app.conftest import start
from .measuring import arguments, machine, sample, watched
from .site_latency import DRAWN

LIMIT_SECONDS, LIMIT_BYTES = 30.0, 100e6
SECONDS_BETWEEN_LOOKS, QUIET_SECONDS, STILL_BYTES = 0.1, 8.0, 5e6


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--upload-only", action="store_true", help="send the file, and do not build it")
    options = parser.parse_args()
    print(machine())
    file = events(options.folder, options.megabytes)
    process, address = start(options.lake.absolute())
    try:
        reader, site = requests.Session(), psutil.Process(process.pid)
        settle(site)
        with watched(site, resident, SECONDS_BETWEEN_LOOKS) as most, file.open("rb") as body:
            before, begun = site.memory_info().rss, time.perf_counter()
            headers = {"Content-Type": "application/octet-stream", "Origin": address}  # as the page itself
            sent = reader.post(f"{address}/api/v1/datasets/files?name=events.csv", data=body, headers=headers)
            uploaded = time.perf_counter()
        grown = most[0] - before
        print(
            f"{file.stat().st_size / 1e6:.0f} MB sent in {uploaded - begun:.1f} s; memory grew by {grown / 1e6:.0f} MB"
        )
        seconds = 0.0 if options.upload_only else drawn(reader, address, sent.json()["id"], uploaded)
        if not options.upload_only:
            print(f"from the end of the upload to its Overview drawn {seconds:.1f} s")
    finally:
        process.terminate()
        process.wait(timeout=10)
    return int(seconds > LIMIT_SECONDS * options.megabytes / 100 or grown > LIMIT_BYTES)


def events(folder: Path, megabytes: int) -> Path:
    """Make a file of events, so large; return its path."""
    file = folder / f"events-{megabytes}.csv"
    if not file.is_file():
        whole, number = sample(folder, 1)[0], 0
        with file.with_suffix(".part").open("wb") as to:
            while to.tell() < megabytes * 1_000_000:
                with whole.open("rb") as source:
                    for line in source:
                        if to.tell() >= megabytes * 1_000_000:
                            break
                        if not number or not line.startswith(b"timestamp"):
                            to.write(line)
                        number += 1
        shutil.move(file.with_suffix(".part"), file)
    return file


def resident(site: psutil.Process) -> int:
    """Return what is looked at often, and so may not cost much: a process's memory, shared pages too."""
    return int(site.memory_info().rss)


def settle(site: psutil.Process) -> None:
    """Wait until a process's memory stands still for some seconds: the site reads on after its address is told."""
    level, since = 0, time.perf_counter()
    while time.perf_counter() - since < QUIET_SECONDS:
        if abs((now := site.memory_info().rss) - level) > STILL_BYTES:
            level, since = now, time.perf_counter()
        time.sleep(SECONDS_BETWEEN_LOOKS)


def drawn(reader: requests.Session, address: str, dataset: str, since: float) -> float:
    """Build a dataset; return the seconds until the page of its Overview is drawn."""
    path = browser.find(os.environ)
    if path is None:
        raise SystemExit("There is no Chromium: lakehouse setup --tests")
    reader.post(f"{address}/api/v1/datasets/{dataset}/build", json={}).raise_for_status()
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=path, args=["--headless=new", "--no-sandbox"]).new_page()
        page.context.add_cookies([{"name": each.name, "value": each.value, "url": address} for each in reader.cookies])
        page.goto("about:blank")
        while (state := reader.get(f"{address}/api/v1/datasets/{dataset}").json()["state"]) != "ready":
            if state == "failed":
                raise SystemExit(f"The dataset {dataset} was not built.")
            time.sleep(SECONDS_BETWEEN_LOOKS)
        page.goto(f"{address}/?lake={dataset}")
        page.wait_for_function(DRAWN, polling=20, timeout=60_000)
        seconds = time.perf_counter() - since
        page.context.browser.close()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
