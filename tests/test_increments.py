"""Incremental equals full: whatever arrives in whatever order, every table is that of one run over all of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from bronze import landing
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import runner

from .conftest import settings_of

START = 1_433_152_800_000  # 2015-06-01 10:00 UTC
MINUTE, DAY = 60_000, 86_400_000
PAUSES = [0, 1, 17 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1, 11 * 60 * MINUTE, 2 * DAY]
EVENTS = "timestamp,visitorid,event,itemid,transactionid"
PROPERTIES = "timestamp,itemid,property,value"
TREE = "categoryid,parentid"
VARYING = {"_ingested_at", "_run_id"}


@dataclass(frozen=True)
class File:
    """A file, and the batch with which it lands."""

    batch: int
    header: str
    lines: tuple[str, ...]


@st.composite
def timelines(draw: st.DrawFn) -> list[str]:
    """A visitor's lines: pauses around the half hour, equal instants, views, carts and purchases."""
    visitor, at = draw(st.integers(1, 8)), START + draw(st.integers(0, 5)) * DAY + draw(st.integers(0, 840)) * MINUTE
    lines = []
    for pause in draw(st.lists(st.sampled_from(PAUSES), min_size=1, max_size=9)):
        at += pause
        kind = draw(st.sampled_from(["view", "view", "addtocart", "transaction"]))
        order = draw(st.integers(1, 3)) if kind == "transaction" else ""
        lines.append(f"{at},{visitor},{kind},{draw(st.integers(1, 5))},{order}")
    return lines


@st.composite
def snapshots(draw: st.DrawFn) -> str:
    """A line of item properties, some of them refused."""
    name, values = draw(st.sampled_from([("categoryid", "1234x"), ("available", "012"), ("790", "n5"), ("888", "ab")]))
    value = draw(st.sampled_from(values))
    return f"{START + draw(st.integers(-1, 4)) * DAY},{draw(st.integers(1, 5))},{name},{value}"


@st.composite
def arrivals(draw: st.DrawFn, batches: int = 3) -> list[File]:
    """Files in batches: events and snapshots spread over them at random, some lines twice, some of them bad."""
    lines = [line for each in draw(st.lists(timelines(), min_size=4, max_size=12)) for line in each]
    bad = draw(
        st.lists(st.sampled_from(["x,1,view,1,", "1,2", f"{START},1,view,1,9", f"{START},1,buy,1,"]), max_size=3)
    )
    again = draw(st.lists(st.sampled_from(lines), max_size=6))
    properties = draw(st.lists(snapshots(), max_size=15))
    files = []
    for header, pool in ((EVENTS, lines + bad + again), (PROPERTIES, properties)):
        homes = draw(st.lists(st.integers(0, batches - 1), min_size=len(pool), max_size=len(pool)))
        for batch in range(batches):
            chosen = tuple(line for line, home in zip(pool, homes, strict=True) if home == batch)
            files += [File(batch, header, chosen)] if chosen or (header == EVENTS and not batch) else []
    trees = [("1,", "2,1", "3,2"), ("1,", "2,", "3,1")]
    files += [
        File(draw(st.integers(0, batches - 1)), TREE, tree)
        for tree in draw(st.lists(st.sampled_from(trees), max_size=1))
    ]
    return sorted(files, key=lambda file: file.batch)


@settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(files=arrivals())
def test_tables_built_by_increments_are_those_of_one_full_run(spark, files: list[File]):
    with TemporaryDirectory() as folder:
        increments, whole = _lake(Path(folder, "increments")), _lake(Path(folder, "full_refresh"))
        modes: set[str] = set()
        for batch in sorted({file.batch for file in files}):
            _land(increments, [file for file in files if file.batch == batch])
            run = runner.run(increments, print)
            modes |= {f"{each.table} {each.mode}" for each in run.results} if run else set()
        _land(whole, files)
        runner.run(whole, print)
        note(f"{sorted(modes)}")
        for name in whole.contracts:
            if whole.store.exists(name) and not name.startswith("ml."):
                assert list(_rows(increments, name)) == list(_rows(whole, name)), f"{name} of {files}"


def _lake(path: Path) -> Lake:
    chosen = settings_of(path)
    return open_lake(replace(chosen, run=replace(chosen.run, max_refused_share=1.0, max_changed_share=1e9)))


def _land(lake: Lake, files: list[File]) -> None:
    for file in files:
        path = lake.settings.lake_path.parent / "arrived.csv"
        path.write_text("\n".join([file.header, *file.lines]) + "\n")
        landing.accept(lake.landing, path)


def _rows(lake: Lake, name: str) -> Iterator[str]:
    table = lake.store.arrow(name)
    return iter(sorted(map(str, table.drop_columns(list(VARYING & set(table.column_names))).to_pylist())))
