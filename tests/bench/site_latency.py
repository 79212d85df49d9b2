"""How long the site takes: to start, and to answer twenty readers at once; and how much memory it needs.

    python -m tests.bench.site_latency [--lake DIR]

A lake of the scale is landed, run and trained unless one is named. First a Chromium waits for the first page, from the moment on
which `lakehouse app` is typed. Then twenty readers, each on a page of its own, change the filters every two seconds, at
random: the days mostly from..to, the comparison, the segment, the category; and now and then go to another page. Each
change sends what the browser sends, a request for every card of the page, six at a time. It ends with exit code 1 if
the 95th percentile of the answers exceeds 100 ms, the memory 1 GiB or the median start 4 s.
"""

import json
import os
import random
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil
from playwright.sync_api import sync_playwright

from app import pages
from lakehouse.environment import browser

from .measuring import (
    GIB,
    LAKEHOUSE,
    PROJECT,
    arguments,
    lake_variables,
    leave,
    machine,
    median,
    site_lake,
    watched,
)

LIMIT_MS, LIMIT_GIB, LIMIT_START = 100.0, 1.0, 4.0
SECONDS_BETWEEN_ACTS = 2.0
SECONDS_TO_SETTLE = 3.0  # after which a browser that was opened is busy with itself no more
AT_A_TIME = 6  # requests of a browser to one host
HEADERS = {"Content-Type": "application/json"}
DRAWN = """() => document.querySelectorAll('#site-page .card').length > 5
    && !document.querySelector('#site-page .skeleton') && document.querySelectorAll('.js-plotly-plot .main-svg').length >= 3"""


@dataclass
class Measurement:
    """What readers saw: milliseconds of each answer, of each act with all its answers, and the choices made."""

    answers: list[float] = field(default_factory=list)
    acts: list[float] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)


def main() -> int:
    """Measure and print."""
    parser = arguments("Time the site's start and its answers to many readers.")
    parser.add_argument("--lake", type=Path, help="a lake that was run; one of the scale is made unless given")
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    print(machine())
    lake = options.lake or site_lake(options.folder.absolute(), options.scale)
    starts = [started(lake) for _ in range(options.runs)]
    start = median(starts)
    each = ", ".join(f"{seconds:.1f}" for seconds in starts)
    print(f"From `lakehouse app` to the first page drawn: {each} s, median {start:.1f} s", flush=True)
    with served(lake) as (process, address):
        time.sleep(15)  # what other choices need comes into memory
        before = sum(process.cpu_times()[:2])
        with watched(process) as most, reading(address, options.readers, options.seed) as found:
            time.sleep(options.seconds)
        busy = sum(process.cpu_times()[:2]) - before
    answers, acts, memory = percentile(found.answers), percentile(found.acts), most[0] / GIB
    repeats = 1 - len(set(found.choices)) / len(found.choices)
    print(f"{len(found.choices)} acts of {options.readers} readers, {repeats:.0%} with filters seen before")
    print(f"p95 of {len(found.answers)} answers {answers:.0f} ms, median {percentile(found.answers, 50):.0f} ms")
    print(f"p95 of an act, up to its last answer {acts:.0f} ms, median {percentile(found.acts, 50):.0f} ms")
    print(f"the site kept a processor busy for {1000 * busy / len(found.acts):.0f} ms an act")
    print(f"most memory {memory:.2f} GiB")
    return int(answers > LIMIT_MS or memory > LIMIT_GIB or start > LIMIT_START)


@contextmanager
def served(lake: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Serve a lake on a free port; yield the process and the address."""
    environment = os.environ | lake_variables(lake.absolute()) | {"LAKEHOUSE_APP__PORT": "0"}
    process = subprocess.Popen([*LAKEHOUSE, "app"], env=environment, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = re.search(r"http://[\w.]+:\d+/", process.stdout.readline())
        if address is None:
            raise SystemExit("The site did not start.")
        yield psutil.Process(process.pid), address[0]
    finally:
        process.terminate()
        process.wait(30)


def started(lake: Path) -> float:
    """Return the seconds from the command to the first page drawn in a browser that is open already."""
    path = browser.find(os.environ)
    if path is None:
        raise SystemExit("There is no Chromium: lakehouse setup --tests")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--headless=new", "--no-sandbox"])
        page = chromium.new_page()
        page.goto("about:blank")
        time.sleep(SECONDS_TO_SETTLE)
        at = time.perf_counter()
        with served(lake) as (_, address):
            page.goto(address)
            page.wait_for_function(DRAWN, polling=20, timeout=60_000)
            seconds = time.perf_counter() - at
        chromium.close()
    return seconds


@contextmanager
def reading(address: str, number: int, seed: int) -> Iterator[Measurement]:
    """Let readers act on the site's pages; yield what they see, whole at the end."""
    calls, found, stop = described(address), Measurement(), threading.Event()
    readers = [
        threading.Thread(target=read, args=(address, calls, found, seed * 1000 + each, stop)) for each in range(number)
    ]
    for reader in readers:
        reader.start()
    try:
        yield found
    finally:
        stop.set()
        for reader in readers:
            reader.join()


def described(address: str) -> dict[str, list[dict[str, Any]]]:
    """Return what a browser sends for each card, by page."""
    answer = HTTPConnection(urlsplit(address).netloc)
    answer.request("GET", "/_dash-dependencies")
    found: dict[str, list[dict[str, Any]]] = {}
    for each in json.loads(answer.getresponse().read()):
        for page in pages.all_pages():
            if each["output"].startswith(tuple(f"..{page.slug}-{card.name}-body.children" for card in page.cards)):
                found.setdefault(page.slug, []).append(each)
    return found


def read(
    address: str, calls: dict[str, list[dict[str, Any]]], found: Measurement, seed: int, stop: threading.Event
) -> None:
    """Be a reader: act, look, act again."""
    rng, host = random.Random(seed), urlsplit(address).netloc
    lines, keys = threading.local(), dict[str, str]()

    def ask(call: dict[str, Any], query: str) -> float:
        if not hasattr(lines, "connection"):
            lines.connection = HTTPConnection(host)
        body = json.dumps(request_of(call, query, keys))
        at = time.perf_counter()
        lines.connection.request("POST", "/_dash-update-component", body, HEADERS | {"Origin": f"http://{host}"})
        answer = lines.connection.getresponse()
        said = answer.read()
        taken = 1000 * (time.perf_counter() - at)
        if answer.status not in (200, 204):  # 204: a card that heeds nothing of what changed
            raise SystemExit(f"{answer.status} for {query}")
        if said:
            keys.update({name: value.get("data-key", "") for name, value in json.loads(said)["response"].items()})
        return taken

    behaviour = [page.slug for page in pages.all_pages() if page.group == pages.GROUPS[0]]
    page = rng.choice(behaviour)
    with ThreadPoolExecutor(AT_A_TIME) as browser_:
        time.sleep(rng.uniform(0, SECONDS_BETWEEN_ACTS))
        while not stop.is_set():
            at = time.perf_counter()
            if rng.random() < 0.3:
                page = rng.choice(behaviour)
                keys.clear()  # a page that is opened has no card yet
            query = choose(rng)
            answers = list(browser_.map(lambda call, query=query: ask(call, query), calls[page]))
            found.acts.append(1000 * (time.perf_counter() - at))
            found.answers += answers
            found.choices.append(f"{page}{query}")
            stop.wait(max(0.0, SECONDS_BETWEEN_ACTS - (time.perf_counter() - at)))


def choose(rng: random.Random) -> str:
    """Return filters at random."""
    chosen: dict[str, str] = {}
    if rng.random() < 0.85:
        start = date(2015, 5, 3) + timedelta(days=rng.randrange(130))
        chosen["range"] = f"{start}..{start + timedelta(days=rng.randrange(1, 90))}"
    else:
        chosen["range"] = rng.choice(["7d", "28d", "90d", "all"])
    chosen["compare"] = rng.choice(["previous", "previous", "none"])
    chosen["segment"] = rng.choice(["all", "all", "new", "returning"])
    if rng.random() < 0.25:
        chosen["category"] = "-1"
    return f"?{urlencode(chosen)}"


def request_of(call: dict[str, Any], query: str, keys: dict[str, str]) -> dict[str, Any]:
    """Return a callback's request as the browser writes it."""
    outputs = [
        dict(zip(("id", "property"), each.rsplit(".", 1), strict=True))
        for each in call["output"].strip(".").split("...")
    ]
    values = {"site-query": query, "site-run": "::"}
    inputs = [each | {"value": values.get(each["id"])} for each in call["inputs"]]
    return {
        "output": call["output"],
        "outputs": outputs,
        "inputs": inputs,
        "changedPropIds": ["site-query.data"],
        "state": [each | {"value": keys.get(each["id"])} for each in call["state"]],
    }


def percentile(values: list[float], rank: int = 95) -> float:
    """Return a percentile, interpolated."""
    return quantiles(values, n=100, method="inclusive")[rank - 1]


if __name__ == "__main__":
    leave(main())
