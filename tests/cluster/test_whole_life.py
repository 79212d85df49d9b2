"""A lake on a cluster and in a store is trained on, scored, restored, maintained and rid of a visitor, as in a folder."""

from dataclasses import dataclass

import pytest

from lakehouse.engine import jars
from lakehouse.lake import Lake, open_lake
from ml.predictions import POINT
from ml.registry import aliases

from ..conftest import settings_of
from ..deliveries import DAY, FIRST, SECOND, START, Delivery, learnable_visits
from ..holding import holding
from ..invariants import contents, difference, unaccounted
from ..object_stores import download, objects, settings_in
from .conftest import command, variables
from .standalone import Cluster

pytestmark = pytest.mark.cluster

VISITOR = 987654321012
EARLIER = Delivery(
    good=FIRST.good | {"events": [*learnable_visits(range(300)), f"{START + DAY},{VISITOR},view,1,"]},
    bad=FIRST.bad | {"events": [f"soon,{VISITOR},view,1,"]},
)
LATER = Delivery(
    good=SECOND.good | {"events": [*learnable_visits(range(290, 400)), f"{START + 3 * DAY},{VISITOR},view,1,"]},
    bad=SECOND.bad,
)
TRAIN = "ml train promote --bootstrap score"


@dataclass(frozen=True)
class Life:
    """A lake at the end of its story, and what was seen on the way.

    Attributes:
        lake: the lake.
        lines_lost: what was missing of the delivered lines after the second run.
        sessions: how many sessions of the cluster training, promotion and scoring took.
        restored: the rows of silver.sessions at its first version, and after it was restored to it.
        tables: all rows before maintenance, and after it.
        num_objects: how many objects the store held before maintenance, and after it.
        held: the files of lake and store that held the visitor before the erasure, and after it.
    """

    lake: Lake
    lines_lost: list[str]
    sessions: int
    restored: tuple[list[str], list[str]]
    tables: tuple[dict[str, list[str]], dict[str, list[str]]]
    num_objects: tuple[int, int]
    held: tuple[set[str], set[str]]


@pytest.fixture(scope="module")
def lived(cluster: Cluster, object_server: str, tmp_path_factory) -> Life:
    """The story on a cluster and in the object store, each step a command of its own."""
    folder = tmp_path_factory.mktemp("lived")
    lake = open_lake(settings_in(object_server, folder / "lake", "lived"))
    jars.resolve(lake.settings, print)
    surroundings = cluster.variables() | variables(lake.settings)

    def held(name: str) -> set[str]:
        download(lake.settings, folder / name)
        return holding(folder / name, VISITOR) | holding(lake.settings.lake_path, VISITOR)

    def sessions(versions: dict[str, int]) -> list[str]:
        return contents(lake, versions)["silver.sessions"]

    for delivery in (EARLIER, LATER):
        delivery.land(lake, folder)
        command(lake, "run", **surroundings)
    lines_lost, before = unaccounted(lake, [EARLIER, LATER]), cluster.sessions()
    command(lake, TRAIN, **surroundings)
    took = cluster.sessions() - before
    command(lake, "restore silver.sessions --version 1 --apply", **surroundings)
    restored = sessions({"silver.sessions": 1}), sessions({"silver.sessions": lake.store.version("silver.sessions")})
    command(lake, "run", **surroundings)
    tables, num_objects = contents(lake), len(objects(lake.settings))
    command(lake, "maintain optimize", **surroundings)
    command(lake, "maintain vacuum --older-than 0 --apply", **surroundings)
    kept = contents(lake), len(objects(lake.settings))
    found = held("before")
    command(lake, f"erase --visitor {VISITOR} --apply", **surroundings)
    return Life(lake, lines_lost, took, restored, (tables, kept[0]), (num_objects, kept[1]), (found, held("after")))


@pytest.fixture(scope="module")
def other(spark: object, tmp_path_factory) -> Lake:
    """The same deliveries and the same visitor erased, by the embedded engine in a folder."""
    folder = tmp_path_factory.mktemp("other")
    lake = open_lake(settings_of(folder / "lake"))
    for delivery in (EARLIER, LATER):
        delivery.land(lake, folder)
    command(lake, f"run then {TRAIN} then erase --visitor {VISITOR} --apply")
    return lake


def test_every_table_is_that_of_the_embedded_engine(lived, other):
    assert lived.lines_lost == []
    assert difference(lived.lake, other) == []


def test_training_and_scoring_took_a_session_of_the_cluster_each(lived):
    assert lived.sessions >= 2


def test_the_champion_scores_every_decision_point_as_that_of_the_embedded_engine_does(lived, other):
    ours, theirs = predictions(lived.lake), predictions(other)
    assert ours.keys() == theirs.keys() != set()
    assert max(abs(ours[key] - theirs[key]) for key in ours) < 1e-6
    assert aliases.by_alias(lived.lake.settings, aliases.CHAMPION).number == 1


def test_a_restored_table_holds_the_rows_of_then(lived):
    then, now = lived.restored
    assert now == then != []
    assert len(lived.tables[0]["silver.sessions"]) > len(then)


def test_maintenance_leaves_every_row_and_fewer_objects(lived):
    assert lived.tables[0] == lived.tables[1]
    assert lived.num_objects[0] > lived.num_objects[1]


def test_the_erased_visitor_is_in_no_object_of_the_store_and_no_file_of_the_lake(lived):
    before, after = lived.held
    assert {path.split("/")[0] for path in before} >= {"landing", "bronze", "silver", "gold", "ml"}
    assert after == set()


def predictions(lake: Lake) -> dict[tuple[object, ...], float]:
    """Return the probability at each decision point."""
    rows = lake.store.arrow("ml.predictions").to_pylist()
    return {tuple(row[name] for name in POINT): row["probability"] for row in rows}
