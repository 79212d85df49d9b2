"""ml.recommend.serving — the recommendations of one publication, in memory: by item, by visit, by visitor."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.storage.ledger import Run
from lakehouse.storage.store import Store
from ml.recommend import catalogue, visits
from ml.recommend.rank import ALL, Answer, Filters, Recommender
from ml.recommend.visits import Visits
from ml.registry.versions import served

NEIGHBOURS, POPULAR = "gold.item_neighbours", "gold.popular_items"
HISTORY, CATEGORIES = "silver.item_history", "silver.categories"
COLUMNS = {
    NEIGHBOURS: ["item_id", "rank", "neighbour_id", "score"],
    POPULAR: ["category_id", "rank", "item_id"],
    HISTORY: ["item_id", "valid_to", "category_id", "is_available", "price"],
    CATEGORIES: ["category_id", "path"],
}
TABLES = (visits.TABLE, *COLUMNS)
MEASURED = "recommendations.json"  # the figures beside MLflow's, readable without MLflow


@dataclass(frozen=True)
class Recommendations:
    """What a publication recommends.

    Attributes:
        recommender: its lists.
        last_visits: each visitor's last visit.
        run_id: the run that published it.
    """

    recommender: Recommender
    last_visits: Visits
    run_id: str

    def for_visitor(self, visitor: int, filters: Filters = ALL) -> Answer:
        """Recommend to a visitor who is not here, by the last visit."""
        items = self.last_visits.last_of(visitor)
        answer = self.recommender.for_visit(items, filters, is_over=True)
        if items:
            return answer
        return answer._replace(note=f"Visitor {visitor} has no visit: the list is popular items of the shop.")


def load(lake: Lake) -> Recommendations:
    """Load what the newest publication recommends.

    Raises:
        LakehouseError: nothing is published, or a release without recommendations published it (exit code 2).
    """
    return of_run(lake.store, published(lake))


def of_run(store: Store, run: Run) -> Recommendations:
    """Load what a run recommends that published every table of `TABLES`."""
    tables = {name: store.arrow(name, run.versions[name], columns) for name, columns in COLUMNS.items()}
    lists = recommender(tables)
    del tables  # before the events come
    events = store.arrow(visits.TABLE, run.versions[visits.TABLE], visits.COLUMNS)
    return Recommendations(lists, visits.of(events).last(), run.run_id)


def measured(settings: Settings) -> dict[str, Any] | None:
    """Return the figures of the newest `recommend evaluate`, as its `--json` prints them; None before the first."""
    try:
        return dict(json.loads(served(settings).read(MEASURED)))
    except FileNotFoundError:
        return None


def published(lake: Lake) -> Run:
    """Return the newest publication, which must hold every table that recommendations need.

    Raises:
        LakehouseError: it does not (exit code 2).
    """
    run = lake.ledger.published()
    missing = next((name for name in TABLES if run is None or name not in run.versions), None)
    if run is None or missing:
        raise LakehouseError(f"{missing} is not published yet.", "lakehouse run", Exit.USAGE)
    return run


def recommender(tables: Mapping[str, pa.Table]) -> Recommender:
    """Put the tables into memory.

    Args:
        tables: the rows of each table of `COLUMNS`, at least those columns.
    """
    neighbours, popular = tables[NEIGHBOURS].sort_by([("item_id", "ascending"), ("rank", "ascending")]), tables[POPULAR]
    others = neighbours.select(["neighbour_id"]).rename_columns(["item_id"])
    items = catalogue.build([neighbours, others, popular], tables[HISTORY], tables[CATEGORIES])
    owners = np.searchsorted(items.ids, neighbours["item_id"].to_numpy())
    lists: dict[int, list[int]] = {}
    ranked = popular.sort_by([("category_id", "ascending"), ("rank", "ascending")])
    places = np.searchsorted(items.ids, ranked["item_id"].to_numpy()).tolist()
    for category, place in zip(ranked["category_id"].to_pylist(), places, strict=True):
        lists.setdefault(category, []).append(place)
    return Recommender(
        items,
        np.searchsorted(owners, np.arange(len(items.ids) + 1)),
        np.searchsorted(items.ids, neighbours["neighbour_id"].to_numpy()).astype(np.int32),
        neighbours["score"].to_numpy(),
        lists,
    )
