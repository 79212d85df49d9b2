"""How long an answer takes in process, for each way to ask, on 10,000 prefixes of a lake's own visits.

    LAKEHOUSE_LAKE=dir python -m tests.bench.recommendation_latency [--prefixes 10000]

It ends with exit code 1 if 1 of 100 answers takes a millisecond or more.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterable

import numpy as np

from lakehouse import settings
from lakehouse.lake import open_lake
from ml.recommend import serving
from ml.recommend.rank import Filters
from ml.recommend.visits import Visits

LIMIT_MS = 1.0
SEED = 7


def main(arguments: list[str] | None = None) -> int:
    """Load the newest publication, ask, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefixes", type=int, default=10_000)
    asked = parser.parse_args(arguments)
    started = time.perf_counter()
    found = serving.load(open_lake(settings.load()))
    recommender, rng = found.recommender, np.random.default_rng(SEED)
    items = recommender.catalogue
    print(f"{len(items.ids):,} items, {len(recommender.neighbours):,} neighbours, {len(found.last_visits):,} visitors")
    print(f"loaded in {time.perf_counter() - started:.1f} s")
    prefixes = prefixes_of(found.last_visits, asked.prefixes, rng)
    visitors = rng.choice(found.last_visits.visitors, asked.prefixes).tolist()
    strict = Filters(
        exclude=frozenset(rng.choice(items.ids, 50).tolist()),
        categories=frozenset(rng.choice(items.category[items.category >= 0], 1).tolist()),
        max_price=float(np.nan_to_num(np.nanmedian(items.price), nan=1.0)) if len(items.price) else None,
        known_available_only=True,
    )
    ways: dict[str, tuple[Callable[..., object], Iterable[tuple[object, ...]]]] = {
        "by visit": (recommender.for_visit, [(each,) for each in prefixes]),
        "by visit, all filters": (recommender.for_visit, [(each, strict) for each in prefixes]),
        "by item": (recommender.for_item, [(each[-1],) for each in prefixes]),
        "by visitor": (found.for_visitor, [(each,) for each in visitors]),
        "unknown item": (recommender.for_item, [(-1 - number,) for number in range(asked.prefixes)]),
    }
    slowest = 0.0
    for name, (ask, questions) in ways.items():
        taken, busy = times(ask, questions)
        (p50, p99), busy_p99 = np.percentile(taken, [50, 99]), np.percentile(busy, 99)
        slowest = max(slowest, float(p99))
        print(
            f"{name:<24} p50 {p50:.3f} ms  p99 {p99:.3f} ms, {busy_p99:.3f} ms of a processor  longest {max(taken):.2f} ms"
        )
    return int(slowest >= LIMIT_MS)


def prefixes_of(visits: Visits, count: int, rng: np.random.Generator) -> list[list[int]]:
    """Draw beginnings of visits, each event as likely as any other to be the last."""
    chosen = rng.choice(len(visits.items), count)
    owners = np.searchsorted(visits.starts, chosen, side="right") - 1
    return [visits.items[visits.starts[owner] : end + 1].tolist() for owner, end in zip(owners, chosen, strict=True)]


def times(ask: Callable[..., object], questions: Iterable[tuple[object, ...]]) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each answer, and those of the processor; garbage is collected as in any process."""
    gc.collect()
    taken, busy = [], []
    for each in questions:
        started, worked = time.perf_counter(), time.thread_time()
        ask(*each)
        busy.append(1000 * (time.thread_time() - worked))
        taken.append(1000 * (time.perf_counter() - started))
    return taken, busy


if __name__ == "__main__":
    sys.exit(main())
