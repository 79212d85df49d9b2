"""ml.recommend.evaluate — fit on the visits that ended before an instant, and predict the items of those after it.

What is fit are the very transforms of the tables that are served; what is asked is the very list.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.completeness import days_that_count
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.table import Table
from ml.recommend import baselines, protocols, serving, visits
from ml.recommend.protocols import PROTOCOLS, Case, List, Ranker, Score, Share
from ml.recommend.rank import LENGTH, Recommender
from ml.recommend.visits import Visits
from ml.spark_process import Say

SESSIONS = "silver.sessions"
SERVED, UNFILTERED = "served", "served, sold out included"
RIVAL = "VSTAN"  # with which the served list is compared, prediction by prediction
MOST_VISITS = 6000  # of the test; more would only take longer
KINDS = ("known", "all")  # targets: only items that the training part holds, or all
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Asked = dict[tuple[str, str], list[Case]]  # (kind of targets, protocol) -> cases


@dataclass(frozen=True)
class Test:
    """The two parts of the visits, and what was fit on the first.

    Attributes:
        cutoff: the instant that parts them, UTC.
        recommender: what would have been served then.
        history: the visits that ended before.
        known: their items, with the number of events.
        test: the visits that ended later, and hold several events.
    """

    cutoff: datetime
    recommender: Recommender
    history: Visits
    known: dict[int, int]
    test: Visits


@dataclass(frozen=True)
class Method:
    """How good one method is.

    Attributes:
        scores: by kind of targets and protocol.
        coverage: share of the known items that are in a list of protocol C.
        popularity: mean number of training events of the items in these lists.
        short: share of these lists with fewer than 20 items.
    """

    scores: dict[tuple[str, str], Score]
    coverage: float
    popularity: float
    short: float


@dataclass(frozen=True)
class Evaluation:
    """What a test says.

    Attributes:
        cutoff: the instant between training and test, UTC.
        num_training_visits: visits that ended before.
        num_visits: visits of the test.
        cold: share of the next items that the training part does not hold, by protocol.
        methods: by name; the first is what is served.
        gains: hit rate and reciprocal rank of the served list minus those of `RIVAL`, by kind and protocol.
        p50_ms: median time of an answer.
        p99_ms: 99 % take less.
    """

    cutoff: datetime
    num_training_visits: int
    num_visits: int
    cold: dict[str, float]
    methods: dict[str, Method]
    gains: dict[tuple[str, str], tuple[Share, Share]]
    p50_ms: float
    p99_ms: float


def prepare(lake: Lake, versions: Mapping[str, int], hours: float) -> Test:
    """Part the visits, and fit what is served on the first part.

    Args:
        lake: the lake.
        versions: of the tables that are read.
        hours: the test is what ended in the last of them.

    Raises:
        LakehouseError: one of the parts would be empty (exit code 3).
    """
    every = visits.of(lake.store.arrow(visits.TABLE, versions[visits.TABLE], visits.COLUMNS))
    newest = _newest(every)
    cutoff = newest - int(hours * 3_600_000_000)
    is_test = (every.ended_at >= cutoff) & (every.ended_at <= newest) & (np.diff(every.starts) > 1)
    training, test = every.where(every.ended_at < cutoff), every.where(is_test)
    if not len(training) or not len(test):
        message = f"The last {hours:g} hours leave no visits for {'the test' if len(training) else 'the training'}."
        raise LakehouseError(message, "land more events, then lakehouse run", Exit.REFUSED)
    instant = EPOCH + timedelta(microseconds=cutoff)
    items, counts = np.unique(training.items, return_counts=True)
    known = dict(zip(items.tolist(), counts.tolist(), strict=True))
    return Test(instant, fit(lake, versions, instant), training, known, _thin(test))


def fit(lake: Lake, versions: Mapping[str, int], cutoff: datetime) -> Recommender:
    """Compute the served tables, by their own transforms, from what was known at an instant."""
    read = {name: lake.store.read(name, versions[name]) for name in (visits.TABLE, SESSIONS, serving.HISTORY)}
    ended = read[SESSIONS].where(F.col("ended_at") < F.lit(cutoff)).select("visitor_id", "started_at")
    history = read[serving.HISTORY].where(F.col("valid_from") < F.lit(cutoff))
    frames = {
        visits.TABLE: read[visits.TABLE].join(ended, ["visitor_id", "started_at"], how="left_semi"),
        serving.HISTORY: history.withColumn("valid_to", F.when(F.col("valid_to") < F.lit(cutoff), F.col("valid_to"))),
        serving.CATEGORIES: lake.store.read(serving.CATEGORIES, versions[serving.CATEGORIES]),
    }
    computed = {name: _derive(lake.tables, name, frames) for name in serving.COLUMNS}
    return serving.recommender({name: _arrow(computed[name], columns) for name, columns in serving.COLUMNS.items()})


def cases(test: Test) -> Asked:
    """Return the predictions of each protocol, for the items that the training part holds and for all."""
    known = list(protocols.of_known(test.test, test.known))
    seen = {"known": known, "all": list(test.test)}
    return {(kind, each): list(protocols.cases(seen[kind], each)) for kind in KINDS for each in PROTOCOLS}


def rank(test: Test, asked: Asked, say: Say = lambda line: None) -> dict[str, dict[tuple[str, str], list[List]]]:
    """Ask each method for the list of each case: name -> (kind, protocol) -> lists; `say` receives whose turn it is."""
    recommender = test.recommender
    blind = Recommender(**{**vars(recommender), "catalogue": recommender.catalogue.without_availability()})
    rankers = {SERVED: served(recommender), UNFILTERED: served(blind)}
    rankers |= baselines.rankers(baselines.History.of(test.history), recommender)
    found = {}
    for number, (name, ranker) in enumerate(rankers.items(), 1):
        say(f"Asking for lists, {number} of {len(rankers)}: {name} …")
        found[name] = _ask(ranker, asked)
    return found


def served(recommender: Recommender) -> Ranker:
    """Return what a visitor is shown: A after the visit and B on an item, with reminders; C new items alone."""

    def rank(items: tuple[int, ...], protocol: str) -> List:
        answer = recommender.for_visit(items, is_over=protocol == "A")
        return [each.item_id for each in answer.items] if protocol == "C" else answer.shown

    return rank


def evaluate(test: Test, asked: Asked, lists: Mapping[str, Mapping[tuple[str, str], list[List]]]) -> Evaluation:
    """Score the lists of all methods.

    Args:
        test: what was fit on what.
        asked: what `cases` returns.
        lists: what `rank` returns, and further methods'.
    """
    ranks = {
        name: {key: protocols.reciprocal_ranks(asked[key], of_key) for key, of_key in by_key.items()}
        for name, by_key in lists.items()
    }
    methods = {
        name: _method(test, {key: protocols.score(asked[key], each) for key, each in by_key.items()}, lists[name])
        for name, by_key in ranks.items()
    }
    gains = {key: _gain(asked[key], ranks[SERVED][key], ranks[RIVAL][key]) for key in asked}
    cold = {each: _share([case.target not in test.known for case in asked["all", each]]) for each in PROTOCOLS}
    p50, p99 = latency(test.recommender, [case.items for case in asked["all", "A"]])
    return Evaluation(test.cutoff, len(test.history), len(test.test), cold, methods, gains, p50, p99)


def latency(recommender: Recommender, prefixes: list[tuple[int, ...]]) -> tuple[float, float]:
    """Return median and 99th percentile of the milliseconds of an answer."""
    taken = []
    for items in prefixes:
        started = time.perf_counter()
        recommender.for_visit(items)
        taken.append(1000 * (time.perf_counter() - started))
    return (float(np.percentile(taken, 50)), float(np.percentile(taken, 99))) if taken else (0.0, 0.0)


def _newest(every: Visits) -> int:
    """Return the last end of a visit, of the days that count: one stray instant would leave the test empty."""
    days = every.ended_at // baselines.MICROS_PER_DAY
    found, counts = np.unique(days, return_counts=True)
    dates = {(EPOCH + timedelta(days=int(day))).date(): int(count) for day, count in zip(found, counts, strict=True)}
    counting = days_that_count(dates)
    last = (counting[-1] - EPOCH.date()).days if counting else -1
    return int(every.ended_at[days <= last].max(initial=0))


def _thin(test: Visits) -> Visits:
    """Keep every n-th visit where there are too many."""
    return test.where(np.arange(len(test)) % (1 + (len(test) - 1) // MOST_VISITS) == 0)


def _derive(tables: Mapping[str, Table], name: str, frames: Mapping[str, DataFrame]) -> DataFrame:
    """Compute a table by its transform, and what it is made of, from the given frames."""
    if name in frames:
        return frames[name]
    function = tables[name].function
    assert function is not None, f"{name} has no transform"
    return function(*[_derive(tables, upstream, frames) for upstream in tables[name].upstreams])


def _arrow(frame: DataFrame, columns: list[str]) -> pa.Table:
    return frame.select(*columns).toArrow()


def _ask(ranker: Ranker, asked: Asked) -> dict[tuple[str, str], list[List]]:
    answer = cache(ranker)  # many visits begin alike, and each is asked of for known targets and for all
    return {(kind, each): [answer(case.items, each) for case in of_key] for (kind, each), of_key in asked.items()}


def _method(test: Test, scores: dict[tuple[str, str], Score], lists: Mapping[tuple[str, str], list[List]]) -> Method:
    new = lists["known", "C"]
    shown = [item for each in new for item in each]
    coverage = len(test.known.keys() & set(shown)) / len(test.known)
    popularity = float(np.mean([test.known.get(item, 0) for item in shown])) if shown else 0.0
    return Method(scores, coverage, popularity, _share([len(each) < LENGTH for each in new]))


def _gain(asked: list[Case], ours: np.ndarray, theirs: np.ndarray) -> tuple[Share, Share]:
    hits = (ours > 0).astype(float) - (theirs > 0)
    return protocols.mean(asked, hits), protocols.mean(asked, ours - theirs)


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
