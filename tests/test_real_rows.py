"""Rows of the real shop, from the command line to gold, against a second computation of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable

DATA = Path(__file__).parents[1].parent / "shared" / "data"
FILES = [DATA / "events_sample.csv", DATA / "category_tree.csv"]

pytestmark = pytest.mark.skipif(
    not all(path.is_file() for path in FILES), reason=f"real rows, which are not ours to ship, are not in {DATA}"
)

# A pause is measured between neighbours in time; what came before a purchase is what is no purchase and not later
# than the first one.
VISITS = f"""
CREATE TABLE events AS
    SELECT DISTINCT timestamp AS ms, visitorid AS visitor, event, itemid AS item, transactionid AS purchase
    FROM read_csv('{FILES[0]}', header = true);
CREATE TABLE placed AS
    WITH marked AS (
        SELECT *, coalesce(ms - lag(ms) OVER (PARTITION BY visitor ORDER BY ms) > 30 * 60 * 1000, true) AS is_start
        FROM events
    ), numbered AS (
        SELECT *, count(*) FILTER (is_start) OVER (PARTITION BY visitor ORDER BY ms) AS visit FROM marked
    )
    SELECT *, make_timestamp(1000 * min(ms) OVER (PARTITION BY visitor, visit)) AS started_at,
        min(ms) FILTER (event = 'transaction') OVER (PARTITION BY visitor, visit) AS purchased_at,
        event <> 'transaction' AND ms <= coalesce(purchased_at, ms) AS is_before
    FROM numbered;
"""

SESSIONS = """
SELECT visitor AS visitor_id, started_at, make_timestamp(1000 * max(ms)) AS ended_at, started_at::DATE AS session_date,
    count(*) AS num_events, count(*) FILTER (event = 'view') AS num_views,
    count(*) FILTER (event = 'addtocart') AS num_adds, count(*) FILTER (event = 'transaction') AS num_transactions,
    count(DISTINCT item) AS distinct_products, count(*) FILTER (is_before AND event = 'view') AS num_views_before,
    count(*) FILTER (is_before AND event = 'addtocart') AS num_adds_before,
    count(DISTINCT item) FILTER (is_before) AS distinct_products_before, NULL AS entry_category_id,
    true AS is_one_category
FROM placed GROUP BY visitor, started_at
"""

FEATURES = """
SELECT concat(visitor, '-', min(ms)) AS session_id, visitor AS visitor_id, started_at,
    started_at::DATE AS session_date, hour(started_at) AS session_hour,
    count(*) FILTER (is_before AND event = 'view') AS num_views,
    count(*) FILTER (is_before AND event = 'addtocart') AS num_adds,
    count(DISTINCT item) FILTER (is_before) AS distinct_products, count(*) FILTER (is_before) AS num_events_before,
    count(DISTINCT purchased_at) AS purchase_intent
FROM placed GROUP BY visitor, started_at
"""

FUNNEL = f"""
WITH sessions AS ({SESSIONS})
SELECT session_date, root AS root_category_id, count(*) AS num_sessions,
    count(*) FILTER (num_views > 0) AS num_view_sessions, count(*) FILTER (num_adds > 0) AS num_cart_sessions,
    count(*) FILTER (num_transactions > 0) AS num_purchase_sessions,
    count(*) FILTER (num_adds > 0 AND num_views = 0) AS num_carts_without_view,
    count(*) FILTER (num_transactions > 0 AND num_adds = 0) AS num_purchases_without_cart,
    count(DISTINCT visitor_id) AS num_visitors, count(DISTINCT visitor_id) FILTER (num_views > 0) AS num_view_visitors,
    count(DISTINCT visitor_id) FILTER (num_adds > 0) AS num_cart_visitors,
    count(DISTINCT visitor_id) FILTER (num_transactions > 0) AS num_purchase_visitors
FROM sessions, (VALUES (-1), (-2)) AS roots(root) GROUP BY session_date, root
"""


@pytest.fixture(scope="module")
def real_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake into which the real rows were landed and run, as its user does it."""
    lake = tmp_path_factory.mktemp("real") / "lake"
    for arguments in (["land", *map(str, FILES)], ["run"]):
        command = [sys.executable, "-m", "lakehouse.cli", *arguments]
        variables = os.environ | {"LAKEHOUSE_LAKE": str(lake), "LAKEHOUSE_ENV": "test"}
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return lake


@pytest.fixture(scope="module")
def visits() -> duckdb.DuckDBPyConnection:
    """The same rows, cut into visits by a few lines of SQL."""
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = 'UTC'; {VISITS}")
    return connection


def published(lake: Path, name: str) -> pa.Table:
    """The rows of a table at the version that the newest published run names."""
    runs = DeltaTable(lake / "ledger").to_pyarrow_table().sort_by("ended_at").to_pylist()
    newest = [run for run in runs if run["status"] == "published"][-1]
    return DeltaTable(lake / name.replace(".", "/"), version=json.loads(newest["versions"])[name]).to_pyarrow_table()


def differences(found: pa.Table, wanted: str, visits: duckdb.DuckDBPyConnection) -> list[tuple]:
    """The rows of a table that a query does not give, and those that only the query gives; columns go by name."""
    assert found.num_rows > 0
    columns = ", ".join(found.column_names)
    return visits.execute(f"""
        WITH wanted AS ({wanted})
        (SELECT 'in the lake', {columns} FROM found EXCEPT ALL SELECT 'in the lake', {columns} FROM wanted)
        UNION ALL
        (SELECT 'wanted', {columns} FROM wanted EXCEPT ALL SELECT 'wanted', {columns} FROM found)
    """).fetchall()


def test_every_real_event_arrives_in_silver_once(real_lake, visits):
    wanted = """
        SELECT make_timestamp(1000 * ms) AS occurred_at, visitor AS visitor_id, event AS event_type, item AS item_id,
            purchase AS transaction_id, occurred_at::DATE AS event_date
        FROM events
    """
    assert differences(published(real_lake, "silver.events"), wanted, visits) == []


def test_no_real_row_is_refused(real_lake):
    refused = [published(real_lake, f"silver.{name}_quarantine").num_rows for name in ("events", "categories")]
    assert refused == [0, 0]


def test_real_visits_are_those_of_a_30_minute_pause(real_lake, visits):
    assert differences(published(real_lake, "silver.sessions"), SESSIONS, visits) == []


def test_the_features_of_a_real_visit_come_from_before_its_first_purchase(real_lake, visits):
    assert differences(published(real_lake, "gold.session_features"), FEATURES, visits) == []


def test_without_item_properties_the_real_funnel_is_all_of_unknown_category(real_lake, visits):
    assert differences(published(real_lake, "gold.funnel"), FUNNEL, visits) == []
