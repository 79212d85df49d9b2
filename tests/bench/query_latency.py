"""How long the Query page's examples take on Spark, asked by one reader and by several at once.

    python -m tests.bench.query_latency --lake DIR [--rounds 10] [--readers 10]

A site is started over the lake, which a run published. One reader asks all examples in turn, `--rounds` times, after a
first round that is not counted; then so many readers ask one each at once. A query is measured from its request until
its rows are there, looked for every 20 ms. It ends with exit code 1 if the median of one reader exceeds 1 s.
"""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import requests

from app.pages.query.examples import EXAMPLES

from ..app.conftest import start
from .measuring import machine

LIMIT_SECONDS = 1.0
SECONDS_BETWEEN_LOOKS = 0.02


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--readers", type=int, default=10)
    options = parser.parse_args()
    print(machine())
    process, address = start(options.lake.absolute())
    try:
        reader = requests.Session()
        first = [ask(reader, address, sql) for sql in EXAMPLES.values()]
        print(f"the first round, the worker's start included: {sum(first):.1f} s")
        found: list[float] = []
        for name, sql in EXAMPLES.items():
            taken = sorted(ask(reader, address, sql) for _ in range(options.rounds))
            found += taken
            print(f"{name:<32} median {taken[len(taken) // 2]:.2f} s, longest {taken[-1]:.2f} s", flush=True)
        median = sorted(found)[len(found) // 2]
        print(f"{'all of one reader':<32} median {median:.2f} s, longest {max(found):.2f} s")
        with ThreadPoolExecutor(options.readers) as threads:
            queries = [list(EXAMPLES.values())[place % len(EXAMPLES)] for place in range(options.readers)]
            taken = sorted(threads.map(lambda sql: ask(requests.Session(), address, sql), queries))
        print(
            f"{f'{options.readers} readers at once':<32} median {taken[len(taken) // 2]:.2f} s, longest {taken[-1]:.2f} s"
        )
        below = psutil.Process(process.pid).children(recursive=True)
        print(f"memory of the workers {sum(each.memory_info().rss for each in below) / 2**30:.1f} GiB")
    finally:
        process.terminate()
        process.wait(timeout=10)
    return int(median > LIMIT_SECONDS)


def ask(reader: requests.Session, address: str, sql: str) -> float:
    """Ask a query; return the seconds until its rows are there."""
    begun = time.perf_counter()
    told = reader.post(f"{address}/api/v1/queries", json={"sql": sql}, timeout=30).json()
    while told.get("state") not in ("done", "failed", "refused", "cancelled"):
        time.sleep(SECONDS_BETWEEN_LOOKS)
        told = reader.get(f"{address}/api/v1/queries/{told['id']}", timeout=30).json()
    if "rows" not in told:
        raise SystemExit(f"{sql}: {told}")
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
