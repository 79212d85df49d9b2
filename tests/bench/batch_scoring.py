"""How long the site takes to score a million rows as a job, while others read it; and how much memory it needs.

    python -m tests.bench.batch_scoring [--lake DIR] [--rows 1000000] [--readers 5]

A lake of the scale is landed, run and trained unless one is named. Two jobs, one after the other, `--runs` times: a CSV
of visits with the brief's four columns and a label is sent, as the Batch page sends it; then the published predictions of
all visits of the lake are asked for. Each counts from the request, which the page's button makes, until its CSV has been
fetched whole. Meanwhile readers change filters on other pages. It ends with exit code 1 if a job takes longer than 20 s for a
million rows, the 95th percentile of the readers' answers exceeds 150 ms or the site's memory 1 GB.
"""

import argparse
import time
from pathlib import Path

import duckdb
import requests

from app.jobs.store import ACTIVE, DONE

from .measuring import arguments, leave, machine, median, site_lake, watched
from .site_latency import percentile, reading, served

LIMIT_SECONDS, LIMIT_MS, LIMIT_BYTES = 20.0, 150.0, 1e9
MILLION = 1_000_000
SECONDS_BETWEEN_LOOKS = 0.1
SEED = 7
ALL = {"start": "1970-01-01", "end": "2100-01-01", "visitors": "all", "point": "latest"}
VISITS = """
    SELECT 'v' || visit AS visit, num_views, num_adds,
           greatest(1, least(num_views + num_adds, round(products * (num_views + num_adds))))::INT AS distinct_products,
           hour AS session_hour, (chance < 0.02)::INT AS purchase_intent
    FROM (SELECT range AS visit, (1 + 9 * random() ** 4)::INT AS num_views, (2 * random() ** 6)::INT AS num_adds,
                 random() AS products, (23 * random())::INT AS hour, random() AS chance FROM range({rows}))
"""


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--lake", type=Path, help="a lake that was scored; one of the scale is made unless given")
    parser.add_argument("--rows", type=int, default=MILLION)
    parser.add_argument("--readers", type=int, default=5)
    options = parser.parse_args()
    print(machine())
    folder = options.folder.absolute()
    lake, file = options.lake or site_lake(folder, options.scale), visits(folder, options.rows)
    found: dict[str, list[float]] = {"a CSV": [], "a segment": []}
    with served(lake) as (process, address):
        time.sleep(15)  # what pages need comes into memory
        person = requests.Session()
        person.headers["Origin"] = address.rstrip("/")
        with watched(process) as most, reading(address, options.readers, SEED) as seen:
            for _ in range(options.runs):
                for name, seconds, rows in (
                    ("a CSV", *scored_file(person, address, file)),
                    ("a segment", *scored_segment(person, address)),
                ):
                    found[name].append(seconds * MILLION / rows)
                    print(f"{name} of {rows:,} rows: {seconds:.1f} s", flush=True)
    answers = percentile(seen.answers)
    print("median for a million rows: " + ", ".join(f"{name} {median(each):.1f} s" for name, each in found.items()))
    print(f"p95 of {len(seen.answers)} answers to {options.readers} other readers {answers:.0f} ms")
    print(f"most memory of the site {most[0] / 1e6:.0f} MB")
    slowest = max(median(each) for each in found.values())
    return int(slowest > LIMIT_SECONDS or answers > LIMIT_MS or most[0] > LIMIT_BYTES)


def visits(folder: Path, rows: int) -> Path:
    """Make a CSV of random visits unless it is there; return its path."""
    file = folder / f"visits-{rows}.csv"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(config={"threads": 1}) as database:
            database.execute("SELECT setseed(0.7)").fetchall()
            database.sql(VISITS.format(rows=rows)).write_csv(f"{file}.part")
        Path(f"{file}.part").rename(file)
    return file


def scored_file(person: requests.Session, address: str, file: Path) -> tuple[float, int]:
    """Have a CSV scored; return the seconds until its answers are fetched, and how many they are."""
    begun = time.perf_counter()
    with file.open("rb") as body:
        way = f"{address}api/v1/jobs/files?kind=score-file&name={file.name}"
        job = person.post(way, data=body, headers={"Content-Type": "text/csv"})
    return fetched(person, address, job, begun)


def scored_segment(person: requests.Session, address: str) -> tuple[float, int]:
    """Have all visits' predictions written; return the seconds until they are fetched, and how many they are."""
    begun = time.perf_counter()
    job = person.post(f"{address}api/v1/jobs", json={"kind": "score-visits", "arguments": ALL})
    return fetched(person, address, job, begun)


def fetched(person: requests.Session, address: str, asked: requests.Response, begun: float) -> tuple[float, int]:
    """Wait for a job and fetch its CSV; return the seconds since a moment, and the number of rows."""
    asked.raise_for_status()
    way = f"{address}api/v1/jobs/{asked.json()['id']}"
    while (job := person.get(way).json())["state"] in ACTIVE:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if job["state"] != DONE:
        raise SystemExit(f"The job ended as {job['state']}: {job['error']}")
    lines = 0
    with person.get(f"{way}/files/scored.csv", stream=True) as answer:
        for piece in answer.iter_content(1 << 20):
            lines += piece.count(b"\n")
    seconds = time.perf_counter() - begun
    if lines != job["result"]["rows"] + 1:
        raise SystemExit(f"{lines} lines were fetched, of {job['result']['rows']} rows and a header.")
    return seconds, job["result"]["rows"]


if __name__ == "__main__":
    leave(main())
