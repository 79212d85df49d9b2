"""What increments ask of an object store: as many requests after many as after few, apart from the logs' own entries."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from bronze import landing
from lakehouse.lake import open_lake
from lakehouse.runs import runner

from ...object_stores import door, settings_in

HEADER = "timestamp,visitorid,event,itemid,transactionid"
NOON, DAY = 1433160000000, 86_400_000
INCREMENTS = 12  # two more than the entries of a log between its checkpoints


@pytest.fixture(scope="module")
def asked(object_server, tmp_path_factory) -> list[Counter[str]]:
    """Land a file and run, again and again; give what each run asked for, by what it was."""
    tmp_path, found = tmp_path_factory.mktemp("asked"), []
    with door(object_server) as counting:
        settings = settings_in(counting.address, tmp_path / "lake", "asked")
        run = replace(settings.run, max_changed_share=1.0)  # the lake is small, and every run is to be an increment
        lake = open_lake(replace(settings, layers=["bronze", "silver"], run=run))
        for day in range(INCREMENTS):
            path = tmp_path / f"day-{day}.csv"
            rows = [f"{NOON + day * DAY + i * 60_000},{day * 10 + i},view,{i % 3}," for i in range(5)]
            path.write_text("\n".join([HEADER, *rows]) + "\n")
            landing.accept(lake.landing, path)
            counting.rule()
            runner.run(lake, lambda _: None)
            found.append(Counter(kind(each) for each in counting.seen()))
    return found


def kind(request: str) -> str:
    """Say what was asked for: an entry of a log, another part of one, or anything else."""
    if re.search(r"GET .*/_delta_log/\d{20}\.json", request):
        return "entry"
    return "log" if "_delta_log" in request else "other"


def test_the_requests_of_an_increment_do_not_grow_with_its_history(asked):
    assert asked[-1]["other"] == asked[2]["other"] > 10
    assert asked[6]["log"] == asked[2]["log"] > 10
    assert asked[-1]["log"] == asked[-2]["log"]  # the same again, behind a checkpoint


def test_of_a_log_only_the_entries_since_its_last_checkpoint_are_read(asked):
    written, opened, reads = (
        7,
        3,
        2,
    )  # tables of an increment, how often each is opened, what delta-rs reads of an entry
    assert asked[-1]["entry"] - asked[-2]["entry"] <= written * opened * reads


def test_behind_a_checkpoint_the_entries_before_it_are_not_read_again(asked):
    assert asked[-1]["entry"] < asked[8]["entry"]
