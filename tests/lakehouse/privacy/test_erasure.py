"""A visitor who is planted everywhere, exported, erased, and looked for in every byte."""

import hashlib
import hmac
import json
import shutil
import stat
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from app.data.saved import Saved, View
from app.sql.history import Asked, History
from bronze import landing
from lakehouse import private
from lakehouse.lake import Lake, open_lake
from lakehouse.privacy import erasure
from lakehouse.privacy.inventory import counts, export
from lakehouse.privacy.landed import Finder, files
from lakehouse.privacy.subject import DataSubject
from lakehouse.runs import runner
from lakehouse.runs.planner import plan
from ml.intent import training
from ml.promotion import promotion
from ml.registry import mlflow_store
from ml.serving import scoring

from ...conftest import settings_of
from ...deliveries import HOUR, learnable_visits
from ...holding import holding
from ...killing import PATIENCE, die, die_within, start

CANARY = 987654321012
START = 1433152800000
HEADER = "timestamp,visitorid,event,itemid,transactionid,note\n"
BAD = {"LAKEHOUSE_RUN__MAX_REFUSED_SHARE": "1.0"}
LINES = [
    f"{START + 1},{CANARY},view,7,,a",
    f"{START + 2}, 0{CANARY} ,addtocart,7,,b",
    f"{START + 3},{CANARY},transaction,7,99,c",
    f"soon,{CANARY},view,7,,d",
    f"{START + 4},{CANARY}.0,view,7,,e",
    f"{START + 5},{CANARY},view,7",
]
# Here a process really gets its signal, so that nothing cleans up behind it; everywhere else an exception ends the erasure.
REAL = ("receipt", "published")
OF_OTHERS = [
    f"{START + 6},5,view,8,,sent by {CANARY}",
    f"{START + 7},{CANARY}1,view,8,,f",
    f"{START + 8},-{CANARY},view,8,,g",
]


def of(folder: Path) -> Lake:
    chosen = settings_of(folder)
    return open_lake(replace(chosen, run=replace(chosen.run, max_refused_share=1.0)))


def land(lake: Lake, folder: Path, *lines: str) -> Path:
    path = folder / f"clicks of {CANARY}.csv"
    path.write_text(HEADER + "\n".join(lines) + "\n")
    receipt, _ = landing.accept(lake.landing, path)
    return lake.landing.file(receipt)


@pytest.fixture(scope="module")
def planted(spark, tmp_path_factory) -> Lake:
    """A lake whose canary is in good and bad rows, in a model's training table, in predictions. Read only: copy it."""
    folder = tmp_path_factory.mktemp("planted")
    lake = of(folder / "lake")
    land(lake, folder, *[f"{line}," for line in learnable_visits(range(400))], *LINES, *OF_OTHERS)
    runner.run(lake, print)
    training.train(lake, print)
    promotion.promote(lake, print, bootstrap=True)
    scoring.score(lake, print)
    lake.ledger.record(replace(lake.ledger.runs()[0], status="failed", error=f"The value '{CANARY}' is odd.", reads={}))
    private.write_trace(lake.settings, f"ValueError: {CANARY}")
    job = private.make_folder(lake.settings, private.JOBS) / "1"
    job.mkdir()
    (job / "scored.csv").write_text(f"visitor_id\n{CANARY}\n")
    (private.make_folder(lake.settings, private.SITE) / "pairs.parquet").write_text(f"{CANARY}")
    asked = f"SELECT * FROM events WHERE visitor_id = {CANARY}"
    queries, saved = History(lake.settings.lake_path), Saved(lake.settings.lake_path)
    queries.add(Asked(asked, "reader 1", "done", f"for {CANARY}", 1.0, 2, 1, {"silver.events": 0}))
    queries.add(Asked("SELECT 1", "reader 2", "done", "", 1.0, 1, 1, {}))
    queries.save(f"visitor {CANARY}", asked)
    saved.save_view(View("theirs", "/predict", f"?visitor={CANARY}"))
    return lake


def copy(lake: Lake, folder: Path) -> Lake:
    shutil.copytree(lake.settings.lake_path, folder / "lake")
    mlflow_store.follow(settings_of(folder / "lake"))
    return of(folder / "lake")


@pytest.fixture(scope="module")
def erased(planted: Lake, tmp_path_factory) -> tuple[Lake, erasure.Record]:
    lake = copy(planted, tmp_path_factory.mktemp("erased"))
    return lake, erasure.erase(lake, DataSubject(CANARY), print, is_applied=True)


def test_a_planted_visitor_is_found_in_every_kind_of_place(planted):
    found = holding(planted.settings.lake_path, CANARY)
    kinds = {each.split("/")[0] for each in found}
    assert kinds >= {
        "landing",
        "bronze",
        "silver",
        "gold",
        "ml",
        "ledger",
        "logs",
        "jobs",
        "queries.sqlite",
        "site",
        "site.sqlite",
    }
    assert any("silver/events_quarantine/part" in each for each in found)


def test_after_an_erasure_no_byte_of_lake_models_and_logs_holds_the_visitor(erased):
    lake, _ = erased
    assert (lake.settings.lake_path / "mlflow" / "mlflow.db").is_file()
    assert holding(lake.settings.lake_path, CANARY) == set()
    assert not (lake.settings.lake_path / private.SITE).exists()


def test_after_an_erasure_there_is_nothing_to_run_and_every_published_table_can_be_read(erased, planted):
    lake, _ = erased
    assert plan(lake) == []
    assert runner.run(lake, print) is None
    published, before = lake.ledger.published(), planted.ledger.published()
    assert set(published.versions) == set(before.versions)
    tables = {name: lake.store.arrow(name, version) for name, version in published.versions.items()}
    assert tables["ml.predictions"].num_rows == planted.store.rows("ml.predictions") - 2
    assert all(run.command != str(CANARY) for run in lake.ledger.runs())


def test_after_an_erasure_gold_counts_what_a_lake_without_the_visitor_counts(erased, planted):
    lake, _ = erased
    day = "2015-06-01"
    (was,) = [each for each in rows(planted, "gold.daily_kpis") if str(each["session_date"]) == day]
    (now_is,) = [each for each in rows(lake, "gold.daily_kpis") if str(each["session_date"]) == day]
    assert (was["num_sessions"] - now_is["num_sessions"], was["num_orders"] - now_is["num_orders"]) == (1, 1)
    assert was["num_adds"] - now_is["num_adds"] == 1


def test_what_belongs_to_others_stays_also_where_it_mentioned_the_visitor(erased):
    lake, _ = erased
    kept = {str(each["visitorid"]): each["_rest"] for each in rows(lake, "bronze.events")}
    assert (kept["5"], kept[f"{CANARY}1"], kept[f"-{CANARY}"]) == ("sent by …", "f", "g")
    assert {f"{CANARY}1", "5"} <= {str(each["visitor_id"]) for each in rows(lake, "silver.events")}
    assert [each["visitorid"] for each in rows(lake, "silver.events_quarantine")] == [f"-{CANARY}"]


def test_a_query_that_named_the_visitor_stays_without_the_id_and_others_as_they_were(erased):
    queries = History(erased[0].settings.lake_path)
    asked = "SELECT * FROM events WHERE visitor_id = …"
    assert [each.sql for each in queries.newest(9)] == ["SELECT 1", asked]
    assert queries.newest(1)[0].num_rows == 1
    assert queries.saved() == [("visitor …", asked)]
    assert [each.query for each in Saved(erased[0].settings.lake_path).views()] == ["?visitor=…"]


def test_the_record_of_an_erasure_tells_when_and_how_much_and_only_a_keyed_hash(erased):
    lake, record = erased
    (path,) = (lake.settings.lake_path / "erasures").glob("*.json")
    key = lake.settings.lake_path / "erasures" / ".key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    told = json.loads(path.read_text())
    assert told == vars(record)
    assert told["visitor"] == hmac.new(key.read_bytes(), str(CANARY).encode(), hashlib.sha256).hexdigest()
    assert told["started_at"] < told["ended_at"]
    assert told["removed"]["bronze.events"] == len(LINES) + 1
    assert told["removed"]["silver.events"] == 4
    assert told["removed"]["ml.predictions"] == 2


def test_a_landed_file_keeps_its_name_and_its_receipt_tells_its_new_size(erased, planted, tmp_path):
    lake, _ = erased
    (before,), (receipt,) = planted.landing.receipts(), lake.landing.receipts()
    content = lake.landing.file(receipt).read_bytes()
    assert (receipt.sha256, receipt.number) == (before.sha256, before.number)
    assert (receipt.size, receipt.lines) == (len(content), content.count(b"\n") - 1)
    assert receipt.lines == before.lines - len(LINES) == lake.store.rows("bronze.events")
    assert landing.accept(lake.landing, planted.landing.file(before)) == (receipt, False)


def test_erasing_again_finds_nothing(erased):
    assert erasure.erase(erased[0], DataSubject(CANARY), print, is_applied=True) is None


def test_an_export_holds_every_row_of_the_visitor_and_no_other(planted):
    held = export(planted, DataSubject(CANARY))
    assert {place: len(each) for place, each in held.items() if not place.startswith("landing/")} == {
        "bronze.events": 6,
        "silver.events": 4,
        "silver.session_events": 4,
        "silver.sessions": 1,
        "silver.first_visits": 1,
        "gold.conversion_times": 1,
        "gold.visit_outcomes": 1,
        "gold.session_features": 1,
        "gold.intent_examples": 2,
        "gold.visitor_days": 1,
        "ml.predictions": 2,
        "silver.events_quarantine": 2,
    }
    (landed,) = [each for place, each in held.items() if place.startswith("landing/")]
    assert [each["text"] for each in landed] == LINES
    assert export(planted, DataSubject(4)) == {}


def test_without_apply_nothing_changes_and_what_would_go_is_counted(planted):
    before = sorted(planted.settings.lake_path.rglob("*"))
    told = erasure.erase(planted, DataSubject(CANARY), print, is_applied=False)
    assert told.removed == counts(planted, DataSubject(CANARY))
    assert sorted(planted.settings.lake_path.rglob("*")) == before


def test_an_erasure_that_died_at_every_step_is_ended_by_the_same_command(planted, tmp_path):
    lake = copy(planted, tmp_path)
    erase = ("-m", "lakehouse.cli", "erase", "--visitor", str(CANARY), "--apply")
    for place in ("recorded", "receipt", "landing", "silver.events", "published", "versions", "traces"):
        if place in REAL:
            die(lake.settings.lake_path, f"erased.{place}", *erase, **BAD)
        else:
            again = of(lake.settings.lake_path)
            die_within(f"erased.{place}", partial(erasure.erase, again, DataSubject(CANARY), print, is_applied=True))
    with start(lake.settings.lake_path, *erase, **BAD) as process:
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    (record,) = (lake.settings.lake_path / "erasures").glob("*.json")
    assert json.loads(record.read_text())["removed"] == counts(planted, DataSubject(CANARY))
    (receipt,) = lake.landing.receipts()
    assert receipt.lines == lake.landing.file(receipt).read_bytes().count(b"\n") - 1
    assert holding(lake.settings.lake_path, CANARY) == set()
    assert plan(lake) == []


def test_rows_that_no_table_has_taken_up_yet_do_not_come_back(planted, tmp_path):
    lake = copy(planted, tmp_path)
    land(lake, tmp_path, f"{START + HOUR},{CANARY},view,9,,h", f"{START + HOUR},6,view,9,,i")
    runner.run(lake, print, runner.Request(("bronze.events",)))
    erasure.erase(lake, DataSubject(CANARY), print, is_applied=True)
    assert counts(lake, DataSubject(CANARY)) == {}
    assert 6 in {each["visitor_id"] for each in rows(lake, "silver.events")}


def test_a_landed_file_that_no_run_has_read_is_read_as_the_erasure_left_it(planted, tmp_path):
    lake = copy(planted, tmp_path)
    land(lake, tmp_path, f"{START + HOUR},{CANARY},view,9,,h", f"{START + HOUR},6,view,9,,i")
    erasure.erase(lake, DataSubject(CANARY), print, is_applied=True)
    assert 6 in {each["visitor_id"] for each in rows(lake, "silver.events")}
    (tmp_path / "again.csv").write_bytes(planted.landing.file(planted.landing.receipts()[0]).read_bytes())
    landing.accept(lake.landing, tmp_path / "again.csv")
    assert counts(lake, DataSubject(CANARY)) == {}


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("1,7,view,9,,x", ""),
        ("1, 007 ,view,9,,x", ""),
        ("1,7.0,view,9,,x", ""),
        ('1,"7",view,9,,"a,b"', ""),
        ("1,view,7", ""),
        ("1,77,view,7,7,x", "1,77,view,7,7,x"),
        ("1,-7,view,7,,x", "1,-7,view,7,,x"),
        ("1,5,view,7,,7 of 7", "1,5,view,7,,… of …"),
        ('1,5,view,7,,"a,7"', '1,5,view,7,,"a,…"'),
        ("1,view,77", "1,view,77"),
        ('1, 7, view, 9, , "a,b"', ""),
        ('1, 5, view, 7, , "a,b"', '1, 5, view, 7, , "a,b"'),
        ('1, 5, view, 7, , "a, 7"', '1, 5, view, 7, , "a, …"'),
        ('1, 5, view, 7, , "7""7"', '1, 5, view, 7, , "…""…"'),
        ('1,5,view,7,,"7"7 of 7', '1,5,view,7,,"77 of …"'),
        ('1,5,view,7,,"7"7 "x"', '1,5,view,7,,"7"7 "x"'),
        ("1,7.5,view,7,,x", "1,7.5,view,7,,x"),
        ("1,of 7,view,9,,x", ""),
        ("1,,view,7,,x", "1,,view,7,,x"),
        ("1,view,7.5,-7,7e3", "1,view,7.5,-7,7e3"),
        (HEADER.strip(), HEADER.strip()),
    ],
)
def test_of_a_landed_line_stays_what_is_not_the_visitors(lake, tmp_path, line, kept):
    land(lake, tmp_path, line)
    finder = Finder(files(lake)[0], DataSubject(7))
    assert finder.redact(f"{line}\r\n".encode()).decode() == (f"{kept}\r\n" if kept else "")


def rows(lake: Lake, name: str) -> list[dict]:
    table: pa.Table = lake.store.arrow(name, lake.ledger.published().versions[name])
    return table.to_pylist()
